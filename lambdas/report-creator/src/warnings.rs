//! What a caller should know of an order that is taken all the same.

use std::collections::BTreeMap;
use std::time::Duration;

use pipeline::PipelineError;
use pipeline::adapters::SellingPartners;
use pipeline::domain::Account;
use sp_api::RegionCode;

/// Warns of sellers whose reports nobody announces, each once: they have not subscribed in that region.
/// What can't be found out is not warned of.
pub async fn of_unannounced(
    partners: &SellingPartners,
    orders: impl Iterator<Item = (Account, RegionCode)>,
    overdue: Duration,
) -> Vec<String> {
    let by_name: BTreeMap<_, _> = orders
        .map(|(seller, region)| ((seller.to_string(), region), (seller, region)))
        .collect();
    let mut warnings = Vec::new();
    for (seller, region) in by_name.into_values() {
        match partners.kept(&seller).await {
            Ok(kept) if kept.regions.contains(&region) => {}
            Ok(_) => warnings.push(format!(
                "selling partner {seller} is not subscribed in {region}, so nobody will announce the report; it will \
                 be looked for after {} minutes, and ever more rarely. POST /notifications subscribes",
                overdue.as_secs().div_ceil(60)
            )),
            Err(PipelineError::SellerNotFound(_)) => {}
            Err(error) => tracing::warn!(%seller, "not known whether subscribed: {error}"),
        }
    }
    warnings
}

#[cfg(test)]
mod tests {
    use aws_sdk_dynamodb::operation::get_item::GetItemOutput;
    use aws_sdk_dynamodb::types::AttributeValue;
    use aws_smithy_mocks::{RuleMode, mock, mock_client};

    use super::*;

    async fn warnings(region_kept: Option<&'static str>) -> Vec<String> {
        let get = mock!(aws_sdk_dynamodb::Client::get_item).then_output(move || {
            let text = |value: &str| AttributeValue::S(value.to_owned());
            let row = GetItemOutput::builder().item("sellerId", text("A3"));
            match region_kept {
                Some(region) => row.item("regionCode", text(region)).build(),
                None => row.build(),
            }
        });
        let partners = SellingPartners::new(
            mock_client!(aws_sdk_dynamodb, RuleMode::MatchAny, &[&get]),
            mock_client!(aws_sdk_kms, RuleMode::MatchAny, &[]),
            "partners".into(),
            "arn:key".into(),
        );
        let order = || (Account::parse("A3").expect("valid"), RegionCode::Eu);
        of_unannounced(
            &partners,
            [order(), order()].into_iter(),
            Duration::from_secs(1800),
        )
        .await
    }

    #[tokio::test]
    async fn who_is_not_subscribed_where_it_orders_is_warned_once() {
        assert_eq!(warnings(Some("EU")).await, Vec::<String>::new());
        for elsewhere in [None, Some("NA")] {
            let warnings = warnings(elsewhere).await;
            assert_eq!(warnings.len(), 1, "{warnings:?}");
            assert!(
                warnings[0].contains("A3 is not subscribed in EU")
                    && warnings[0].contains("after 30 minutes"),
                "{warnings:?}"
            );
        }
    }
}
