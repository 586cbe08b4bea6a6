//! What becomes of what a function has signed once its credentials have ended: the local AWS's do not end by
//! themselves, so its role is denied everything, which AWS does to sessions that are revoked.

use serde_json::json;
use tokio::sync::{Mutex, MutexGuard};

use crate::aws_cli::{aws, aws_of, function_name};

/// Held by tests that need deliveries, and by the one in which there can be none.
static DELIVERIES: Mutex<()> = Mutex::const_new(());

/// Under this name a denial is put beside a role's own policies.
const DENIAL: &str = "ended-credentials";

/// Keeps credentials from ending meanwhile.
pub async fn deliveries() -> MutexGuard<'static, ()> {
    DELIVERIES.lock().await
}

/// A function whose credentials are good for nothing, until this is dropped.
pub struct EndedCredentials {
    role: String,
    _no_deliveries: MutexGuard<'static, ()>,
}

impl EndedCredentials {
    /// Those of the function that the CDK app calls `construct`.
    pub async fn of(construct: &str) -> Self {
        let no_deliveries = DELIVERIES.lock().await;
        let function = function_name(construct);
        let described = aws(&[
            "lambda",
            "get-function-configuration",
            "--function-name",
            &function,
        ]);
        let arn = described["Role"].as_str().expect("a role");
        let role = arn.rsplit('/').next().expect("a name").to_owned();
        let denial = json!({"Version": "2012-10-17", "Statement": [
            {"Effect": "Deny", "Action": "*", "Resource": "*"},
        ]});
        let policy = denial.to_string();
        let put = ["--policy-name", DENIAL, "--policy-document", &policy];
        aws(&[&["iam", "put-role-policy", "--role-name", &role][..], &put].concat());
        let ended = Self {
            role,
            _no_deliveries: no_deliveries,
        };
        // It would keep its link in the table.
        let event = json!({
            "SellerId": "A3TH9S8BH6GOGM", "ReportId": "1", "ReportType": "GET_X", "ProcessingStatus": "DONE",
            "ObjectKey": "SellerId=A3TH9S8BH6GOGM/1.tsv",
        });
        let invocation = [
            "lambda",
            "invoke",
            "--function-name",
            &function,
            "--payload",
            &event.to_string(),
            "/dev/null",
        ];
        let answer = aws(&invocation);
        assert!(answer["FunctionError"].is_string(), "it still works: {answer}");
        ended
    }
}

impl Drop for EndedCredentials {
    fn drop(&mut self) {
        let delete = [
            "iam",
            "delete-role-policy",
            "--role-name",
            &self.role,
            "--policy-name",
            DENIAL,
        ];
        let deleted = aws_of(&delete, |_| {});
        assert!(deleted.is_ok() || std::thread::panicking(), "{deleted:?}");
    }
}
