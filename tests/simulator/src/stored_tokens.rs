//! Looks a refresh token up in the deployment's own selling partners table, so that any pair
//! somebody stored there works here without being registered twice.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use aws_sdk_dynamodb::types::AttributeValue;
use aws_sdk_kms::primitives::Blob;
use futures_util::future::BoxFuture;

use crate::random;

/// A place that knows which seller a refresh token was stored for.
pub trait StoredTokens: Send + Sync {
    /// The seller whose stored refresh token this is; the one stored last, if there are several.
    ///
    /// The error says why the place could not be asked.
    fn seller_of<'a>(&'a self, refresh_token: &'a str) -> BoxFuture<'a, Result<Option<String>, String>>;
}

/// A deployment's table of selling partners: `sellerId`, `refreshTokenCiphertext` (encrypted with
/// KMS under the encryption context `SellerId`) and `updatedAt`.
#[derive(Clone, Debug)]
pub struct SellingPartnersTable {
    dynamodb: aws_sdk_dynamodb::Client,
    kms: aws_sdk_kms::Client,
    name: String,
    decrypted: Decrypted,
}

/// Digests of the tokens that were decrypted so far, by seller and ciphertext: each row is decrypted once, and not
/// at each exchange.
type Decrypted = Arc<Mutex<HashMap<(String, Vec<u8>), String>>>;

type Item = HashMap<String, AttributeValue>;

impl SellingPartnersTable {
    /// The table of that name, read with these clients.
    #[must_use]
    pub fn new(dynamodb: aws_sdk_dynamodb::Client, kms: aws_sdk_kms::Client, name: &str) -> Self {
        Self {
            dynamodb,
            kms,
            name: name.to_owned(),
            decrypted: Decrypted::default(),
        }
    }

    /// The table of that name, in the account and region that the environment says.
    pub async fn from_environment(name: &str) -> Self {
        let config = aws_config::load_defaults(aws_config::BehaviorVersion::latest()).await;
        Self::new(
            aws_sdk_dynamodb::Client::new(&config),
            aws_sdk_kms::Client::new(&config),
            name,
        )
    }

    async fn items(&self) -> Result<Vec<Item>, String> {
        let mut items = Vec::new();
        let mut pages = self
            .dynamodb
            .scan()
            .table_name(&self.name)
            .into_paginator()
            .send();
        while let Some(page) = pages.next().await {
            let page = page.map_err(|error| {
                format!(
                    "scan of table {}: {}",
                    self.name,
                    aws_sdk_dynamodb::error::DisplayErrorContext(error)
                )
            })?;
            items.extend(page.items.unwrap_or_default());
        }
        Ok(items)
    }

    /// The item's seller and age, if it holds the token. An item that can't be decrypted (another
    /// key, or none of ours) is not the one.
    async fn matches(&self, item: &Item, refresh_token: &str) -> Option<(String, String)> {
        let seller_id = item.get("sellerId")?.as_s().ok()?;
        let ciphertext = item.get("refreshTokenCiphertext")?.as_b().ok()?;
        let digest = self.decrypt(seller_id, ciphertext.as_ref()).await?;
        let updated_at = item.get("updatedAt").and_then(|value| value.as_s().ok());
        (digest == random::digest(refresh_token))
            .then(|| (updated_at.cloned().unwrap_or_default(), seller_id.clone()))
    }

    /// The digest of the token in a ciphertext of a seller's.
    async fn decrypt(&self, seller_id: &str, ciphertext: &[u8]) -> Option<String> {
        let key = (seller_id.to_owned(), ciphertext.to_vec());
        let known = self.decrypted().get(&key).cloned();
        if known.is_some() {
            return known;
        }
        let answer = self
            .kms
            .decrypt()
            .ciphertext_blob(Blob::new(ciphertext))
            .encryption_context("SellerId", seller_id)
            .send()
            .await
            .ok()?;
        let token = String::from_utf8(answer.plaintext?.into_inner()).ok()?;
        let digest = random::digest(&token);
        self.decrypted().insert(key, digest.clone());
        Some(digest)
    }

    fn decrypted(&self) -> MutexGuard<'_, HashMap<(String, Vec<u8>), String>> {
        self.decrypted.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl StoredTokens for SellingPartnersTable {
    fn seller_of<'a>(&'a self, refresh_token: &'a str) -> BoxFuture<'a, Result<Option<String>, String>> {
        Box::pin(async move {
            let mut newest = None;
            for item in self.items().await? {
                newest = newest.max(self.matches(&item, refresh_token).await);
            }
            // Of a further region's row the seller's id is the first part.
            let seller = |id: String| id.split('_').next().unwrap_or_default().to_owned();
            Ok(newest.map(|(_, id)| seller(id)))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_sdk_dynamodb::operation::scan::ScanOutput;
    use aws_sdk_kms::operation::decrypt::DecryptOutput;
    use aws_smithy_mocks::{mock, mock_client};

    fn item(seller_id: &str, updated_at: &str, ciphertext: &str) -> Item {
        HashMap::from([
            ("sellerId".to_owned(), AttributeValue::S(seller_id.to_owned())),
            ("updatedAt".to_owned(), AttributeValue::S(updated_at.to_owned())),
            (
                "refreshTokenCiphertext".to_owned(),
                AttributeValue::B(Blob::new(ciphertext)),
            ),
        ])
    }

    /// A table of three rows; "encrypted" means that a seller's name stands before the token, and
    /// decryption demands the same name in the encryption context.
    fn table() -> SellingPartnersTable {
        let scan = mock!(aws_sdk_dynamodb::Client::scan)
            .match_requests(|request| request.table_name() == Some("selling-partners"))
            .then_output(|| {
                let items = [
                    item("A1OLDOLDOLD", "2026-01-01T00:00:00Z", "A1OLDOLDOLD:Atzr|one"),
                    item("A1NEWNEWNEW", "2026-02-01T00:00:00Z", "A1NEWNEWNEW:Atzr|one"),
                    item("A1BROKENBRO", "2026-03-01T00:00:00Z", "A1SOMEBODYELSE:Atzr|one"),
                ];
                ScanOutput::builder().set_items(Some(items.to_vec())).build()
            });
        let decrypt = |seller: &'static str| {
            mock!(aws_sdk_kms::Client::decrypt)
                .match_requests(move |request| {
                    let context = request
                        .encryption_context()
                        .and_then(|context| context.get("SellerId"));
                    let sealed = request.ciphertext_blob().map(|blob| blob.as_ref().to_vec());
                    context.map(String::as_str) == Some(seller)
                        && sealed.is_some_and(|sealed| sealed.starts_with(seller.as_bytes()))
                })
                .then_output(|| DecryptOutput::builder().plaintext(Blob::new("Atzr|one")).build())
        };
        let refuse = mock!(aws_sdk_kms::Client::decrypt).then_error(|| {
            aws_sdk_kms::operation::decrypt::DecryptError::InvalidCiphertextException(
                aws_sdk_kms::types::error::InvalidCiphertextException::builder().build(),
            )
        });
        let rules = [decrypt("A1OLDOLDOLD"), decrypt("A1NEWNEWNEW"), refuse];
        SellingPartnersTable::new(
            mock_client!(aws_sdk_dynamodb, aws_smithy_mocks::RuleMode::MatchAny, [&scan]),
            mock_client!(aws_sdk_kms, aws_smithy_mocks::RuleMode::MatchAny, rules.iter()),
            "selling-partners",
        )
    }

    #[tokio::test]
    async fn the_pair_stored_last_wins() {
        let found = table().seller_of("Atzr|one").await;
        assert_eq!(found, Ok(Some("A1NEWNEWNEW".to_owned())));
    }

    #[tokio::test]
    async fn a_token_nobody_stored_is_not_found() {
        assert_eq!(table().seller_of("Atzr|two").await, Ok(None));
    }

    #[tokio::test]
    async fn what_was_decrypted_is_known() {
        let table = table();
        for _ in 0..2 {
            assert_eq!(table.seller_of("Atzr|two").await, Ok(None));
        }
        assert_eq!(table.decrypted().len(), 2, "the third can't be");
    }
}
