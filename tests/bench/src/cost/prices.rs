//! What AWS charges: one table, for one region and one date.

use serde::Serialize;

/// Where these prices hold.
pub const REGION: &str = "us-east-1";

/// Of when they are: all were looked up, on AWS's own pages and others of 2025 and 2026. Prices of these
/// services move rarely; DynamoDB's were halved in November 2024.
pub const DATE: &str = "list prices of 2025/26";

/// Something that AWS counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Item {
    /// A request to a REST API.
    ApiRequest,
    /// An invocation.
    LambdaRequest,
    /// A second of a function with a GB of memory, on x86.
    LambdaGbSecond,
    /// A state of a Standard workflow.
    StateTransition,
    /// An execution of an Express workflow.
    ExpressRequest,
    /// A second of an Express workflow with a GB of memory.
    ExpressGbSecond,
    /// Up to 1 KB written, to a table or an index.
    WriteUnit,
    /// Up to 4 KB read consistently.
    ReadUnit,
    /// A call of KMS.
    KmsRequest,
    /// A call of Secrets Manager.
    SecretRequest,
    /// A call of S3 that writes.
    S3Write,
    /// A call of S3 that reads.
    S3Read,
    /// A call of SQS.
    SqsRequest,
    /// A message to a topic.
    SnsPublish,
    /// An e-mail to a subscriber.
    Email,
    /// An event on a bus.
    Event,
    /// A GB of logs.
    LogGb,
    /// A recorded trace.
    Trace,
}

/// What a million of it costs.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Price {
    /// Of what.
    pub item: Item,
    /// The service that charges it.
    pub service: &'static str,
    /// What is counted, in a few words.
    pub what: &'static str,
    /// Dollars for a million of it, without free tiers and volume discounts.
    pub dollars_per_million: f64,
    /// AWS's page.
    pub source: &'static str,
}

const fn price(
    item: Item,
    service: &'static str,
    what: &'static str,
    dollars_per_million: f64,
    source: &'static str,
) -> Price {
    Price {
        item,
        service,
        what,
        dollars_per_million,
        source,
    }
}

/// All of them, in the order in which a report meets them.
pub const PRICES: [Price; 18] = [
    price(
        Item::ApiRequest,
        "API Gateway",
        "requests (REST)",
        3.5,
        "aws.amazon.com/api-gateway/pricing",
    ),
    price(
        Item::LambdaRequest,
        "Lambda",
        "invocations",
        0.2,
        "aws.amazon.com/lambda/pricing",
    ),
    price(
        Item::LambdaGbSecond,
        "Lambda",
        "GB-seconds (x86)",
        16.6667,
        "aws.amazon.com/lambda/pricing",
    ),
    price(
        Item::StateTransition,
        "Step Functions",
        "transitions (Standard)",
        25.0,
        "aws.amazon.com/step-functions/pricing",
    ),
    price(
        Item::ExpressRequest,
        "Step Functions",
        "executions (Express)",
        1.0,
        "aws.amazon.com/step-functions/pricing",
    ),
    price(
        Item::ExpressGbSecond,
        "Step Functions",
        "GB-seconds (Express)",
        16.67,
        "aws.amazon.com/step-functions/pricing",
    ),
    price(
        Item::WriteUnit,
        "DynamoDB",
        "write units (on demand)",
        0.625,
        "aws.amazon.com/dynamodb/pricing/on-demand",
    ),
    price(
        Item::ReadUnit,
        "DynamoDB",
        "read units (on demand)",
        0.125,
        "aws.amazon.com/dynamodb/pricing/on-demand",
    ),
    price(
        Item::KmsRequest,
        "KMS",
        "requests",
        3.0,
        "aws.amazon.com/kms/pricing",
    ),
    price(
        Item::SecretRequest,
        "Secrets Manager",
        "requests",
        5.0,
        "aws.amazon.com/secrets-manager/pricing",
    ),
    price(
        Item::S3Write,
        "S3",
        "PUT requests",
        5.0,
        "aws.amazon.com/s3/pricing",
    ),
    price(
        Item::S3Read,
        "S3",
        "GET requests",
        0.4,
        "aws.amazon.com/s3/pricing",
    ),
    price(
        Item::SqsRequest,
        "SQS",
        "requests",
        0.4,
        "aws.amazon.com/sqs/pricing",
    ),
    price(
        Item::SnsPublish,
        "SNS",
        "messages",
        0.5,
        "aws.amazon.com/sns/pricing",
    ),
    price(Item::Email, "SNS", "e-mails", 20.0, "aws.amazon.com/sns/pricing"),
    price(
        Item::Event,
        "EventBridge",
        "events",
        1.0,
        "aws.amazon.com/eventbridge/pricing",
    ),
    price(
        Item::LogGb,
        "CloudWatch",
        "GB of logs",
        500_000.0,
        "aws.amazon.com/cloudwatch/pricing",
    ),
    price(Item::Trace, "X-Ray", "traces", 5.0, "aws.amazon.com/xray/pricing"),
];

impl Item {
    /// Its price.
    pub fn price(self) -> &'static Price {
        PRICES
            .iter()
            .find(|price| price.item == self)
            .expect("every item has a price; a test looks")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_item_has_one_price_in_its_own_place() {
        for price in &PRICES {
            assert_eq!(price.item.price(), price);
            assert!(price.dollars_per_million > 0.0, "{price:?}");
        }
        assert!(
            PRICES.windows(2).all(|pair| pair[0].item < pair[1].item),
            "in the enum's order, each once"
        );
    }
}
