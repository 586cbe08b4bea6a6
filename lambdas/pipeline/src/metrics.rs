//! Metrics, as log lines in CloudWatch's embedded metric format: CloudWatch counts what it reads.

use serde_json::{Value, json};

/// The namespace of all metrics. Each has the dimension `FunctionName`, which tells stacks apart.
const NAMESPACE: &str = "SpReports";

/// Something that is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Metric {
    /// A report was announced of a selling partner who is not known here (any more).
    AnnouncementsOfUnknownSellers,
    /// The client secret ends within a week, and no new one has come.
    ClientSecretEndsSoon,
    /// What came as a new client secret can't be used, and was kept aside.
    ClientSecretRejected,
    /// Amazon refuses the application's credentials, so that nothing can be fetched or ordered.
    CredentialsRefused,
    /// SES refused an e-mail for good.
    MailRefused,
    /// The owner's own address bounced or complained.
    OwnersMailUndeliverable,
}

impl Metric {
    fn name(self) -> &'static str {
        match self {
            Self::AnnouncementsOfUnknownSellers => "AnnouncementsOfUnknownSellers",
            Self::ClientSecretEndsSoon => "ClientSecretEndsSoon",
            Self::ClientSecretRejected => "ClientSecretRejected",
            Self::CredentialsRefused => "CredentialsRefused",
            Self::MailRefused => "MailRefused",
            Self::OwnersMailUndeliverable => "OwnersMailUndeliverable",
        }
    }

    /// Counts one.
    pub fn count(self) {
        let function = std::env::var("AWS_LAMBDA_FUNCTION_NAME").unwrap_or_default();
        println!("{}", self.line(&function, jiff::Timestamp::now()));
    }

    fn line(self, function: &str, now: jiff::Timestamp) -> Value {
        let name = self.name();
        json!({
            "_aws": {
                "Timestamp": now.as_millisecond(),
                "CloudWatchMetrics": [{
                    "Namespace": NAMESPACE,
                    "Dimensions": [["FunctionName"]],
                    "Metrics": [{"Name": name, "Unit": "Count"}],
                }],
            },
            "FunctionName": function,
            name: 1,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_holds_the_value_and_what_cloudwatch_must_know_of_it() {
        let now = "2026-11-27T10:00:00Z".parse().expect("a time");
        let line = Metric::AnnouncementsOfUnknownSellers.line("processor", now);
        let directive = &line["_aws"]["CloudWatchMetrics"][0];
        assert_eq!(line["_aws"]["Timestamp"], 1_795_773_600_000_i64);
        assert_eq!(directive["Namespace"], "SpReports");
        for named in [&directive["Metrics"][0]["Name"], &directive["Dimensions"][0][0]] {
            assert!(line[named.as_str().expect("a name")] != Value::Null, "{line}");
        }
        assert_eq!(line["AnnouncementsOfUnknownSellers"], 1);
    }
}
