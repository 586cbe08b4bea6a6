//! Who is behind a refresh token.

use std::collections::{HashMap, HashSet};

use sp_api::RegionCode;

use crate::random;
use crate::world::World;

/// What the control API said about sellers and their refresh tokens.
#[derive(Debug, Default)]
pub(crate) struct Sellers {
    registered: HashMap<String, String>,
    revoked_tokens: HashSet<String>,
    revoked_sellers: HashSet<String>,
}

impl Sellers {
    pub(crate) fn register(&mut self, refresh_token: &str, seller_id: &str) {
        self.registered
            .insert(refresh_token.to_owned(), seller_id.to_owned());
    }

    pub(crate) fn revoke_token(&mut self, refresh_token: &str) {
        self.revoked_tokens.insert(refresh_token.to_owned());
    }

    pub(crate) fn revoke_seller(&mut self, seller_id: &str) {
        self.revoked_sellers.insert(seller_id.to_owned());
    }

    pub(crate) fn restore_token(&mut self, refresh_token: &str) {
        self.revoked_tokens.remove(refresh_token);
    }

    pub(crate) fn restore_seller(&mut self, seller_id: &str) {
        self.revoked_sellers.remove(seller_id);
    }

    /// Whether the seller took the authorization back. It kills access tokens that are out already.
    pub(crate) fn is_revoked(&self, refresh_token: &str, seller_id: &str) -> bool {
        self.revoked_tokens.contains(refresh_token) || self.revoked_sellers.contains(seller_id)
    }
}

/// Finds the selling partner behind a refresh token: registered, named in the token's text, stored
/// in the deployment's table, or else made up from the token.
///
/// The table is asked again at each exchange, because its rows change while the simulator runs.
///
/// # Errors
/// The table could not be read.
pub(crate) async fn resolve(world: &World, refresh_token: &str) -> Result<String, String> {
    let registered = world.state().sellers.registered.get(refresh_token).cloned();
    if let Some(seller_id) = registered {
        return Ok(seller_id);
    }
    if let Some(seller_id) = named_in(refresh_token) {
        return Ok(seller_id.to_owned());
    }
    if let Some(stored) = &world.stored_tokens
        && let Some(seller_id) = stored.seller_of(refresh_token).await?
    {
        return Ok(seller_id);
    }
    Ok(made_from(refresh_token))
}

/// The seller in `Atzr|A3TH9S8BH6GOGM|anything`.
fn named_in(refresh_token: &str) -> Option<&str> {
    let candidate = refresh_token.strip_prefix("Atzr|")?.split('|').next()?;
    is_selling_partner(candidate).then_some(candidate)
}

/// The region in `Atzr|A3TH9S8BH6GOGM|EU|anything`, in which alone such a token is good: that of one
/// authorization of a merged account. Others are good everywhere.
pub(crate) fn region_of(refresh_token: &str) -> Option<RegionCode> {
    refresh_token.split('|').nth(2).and_then(RegionCode::parse)
}

/// Whether a text looks like a merchant id or a vendor group's account id.
pub(crate) fn is_selling_partner(text: &str) -> bool {
    let is_merchant = text.strip_prefix('A').is_some_and(|rest| {
        (9..=20).contains(&rest.len()) && rest.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit())
    });
    is_merchant || is_vendor(text)
}

/// Whether the selling partner is a vendor group, whose notifications have no `sellerId`.
pub(crate) fn is_vendor(seller_id: &str) -> bool {
    seller_id
        .strip_prefix("amzn1.vg.")
        .is_some_and(|rest| !rest.is_empty() && rest.chars().all(|c| c.is_ascii_alphanumeric()))
}

fn made_from(refresh_token: &str) -> String {
    format!("A{}", random::digest(refresh_token)[..13].to_uppercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_can_name_its_seller() {
        assert_eq!(named_in("Atzr|A3TH9S8BH6GOGM|IwEB"), Some("A3TH9S8BH6GOGM"));
        assert_eq!(named_in("Atzr|A3TH9S8BH6GOGM"), Some("A3TH9S8BH6GOGM"));
        assert_eq!(named_in("Atzr|amzn1.vg.6213651|x"), Some("amzn1.vg.6213651"));
        assert_eq!(named_in("Atzr|A3TH9S8BH6GOGM|EU|x"), Some("A3TH9S8BH6GOGM"));
        assert_eq!(region_of("Atzr|A3TH9S8BH6GOGM|EU|x"), Some(RegionCode::Eu));
        assert_eq!(region_of("Atzr|A3TH9S8BH6GOGM|x"), None);
        assert_eq!(named_in("Atzr|IwEBIHeCfLxY"), None);
        assert_eq!(named_in("Atzr|Alowercase1"), None);
    }

    #[test]
    fn a_made_up_seller_is_always_the_same_and_looks_like_one() {
        assert_eq!(made_from("Atzr|x"), made_from("Atzr|x"));
        assert!(is_selling_partner(&made_from("Atzr|x")));
    }
}
