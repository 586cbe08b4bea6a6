//! How AWS itself fails: rules for the fault proxy (see `tests/fault-proxy/README.md`).

use fastrand::Rng;
use serde_json::{Value, json};

/// Service, operation or all, kind, how many in a hundred calls, and whether the SDK's own attempts
/// fail as well.
///
/// SNS never does what it then denies: the e-mail would come twice, and that is Amazon's promise
/// (at least once), not the pipeline's.
const RULES: [(&str, Option<&str>, &str, u32, bool); 23] = [
    ("dynamodb", None, "throttle", 4, false),
    ("dynamodb", None, "internalError", 2, false),
    ("dynamodb", None, "reset", 2, false),
    ("dynamodb", None, "lostAnswer", 1, false),
    ("dynamodb", None, "throttle", 1, true),
    ("s3", None, "throttle", 4, false),
    ("s3", None, "internalError", 2, false),
    ("s3", None, "reset", 2, false),
    ("s3", None, "cutUpload", 3, false),
    ("s3", None, "lostAnswer", 1, false),
    ("s3", Some("PutObject"), "unavailable", 2, true),
    ("s3", Some("UploadPart"), "throttle", 5, true),
    ("sns", None, "throttle", 6, false),
    ("sns", None, "internalError", 3, false),
    ("sns", None, "unavailable", 3, true),
    ("kms", None, "throttle", 5, false),
    ("kms", None, "internalError", 3, true),
    ("secretsmanager", None, "throttle", 5, false),
    ("states", None, "throttle", 6, false),
    ("states", None, "reset", 3, false),
    ("states", None, "lostAnswer", 2, false),
    ("states", Some("StartExecution"), "throttle", 3, true),
    ("sqs", Some("SendMessage"), "throttle", 10, false),
];

/// The rules, each with a seed of its own.
pub fn rules(rng: &mut Rng) -> Vec<Value> {
    let rule = |(service, operation, kind, percent, is_stubborn)| {
        let mut rule = json!({
            "service": service, "kind": kind, "probability": f64::from(percent) / 100.0,
            "stubborn": is_stubborn, "seed": rng.u32(..),
        });
        if let Some(operation) = operation {
            rule["operation"] = Value::from(operation);
        }
        rule
    };
    RULES.map(rule).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_email_is_sent_and_denied() {
        let deny = ["lostAnswer", "cutAnswer"];
        assert!(
            RULES
                .iter()
                .all(|(service, _, kind, _, _)| *service != "sns" || !deny.contains(kind))
        );
    }
}
