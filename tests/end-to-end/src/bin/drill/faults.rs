//! What goes wrong, how that is told, and how it is mended.

use std::fmt;
use std::str::FromStr;

use anyhow::{Context, Result};
use end_to_end::JsonService::Keys;
use serde_json::{Value, json};

use crate::scene::{REPORT_TYPE, Scene, Seller};
use crate::signal::Signal;

/// A way in which the stack breaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Amazon refuses the application's secret.
    Secret,
    /// A seller has withdrawn the authorization.
    Seller,
    /// The application lacks a role.
    Role,
    /// A message that nobody can read.
    Poison,
    /// S3 throttles everything.
    Storage,
    /// IAM refuses the tables.
    Tables,
    /// The key of the refresh tokens is disabled.
    Key,
    /// Another application has used up the seller's quota.
    Quota,
    /// Many more orders than Amazon takes at once.
    Crowd,
}

/// What is broken now.
pub struct Broken {
    /// Who has trouble.
    pub seller: Seller,
    /// Their reports that don't come.
    pub reports: Vec<String>,
    /// The application's id and secret that Amazon takes now, if it takes others.
    pub credentials: Option<(String, String)>,
}

/// So many failures that retries can't be what they are.
const SEVERAL: usize = 6;
/// What the functions count when Amazon refuses a call for its quota.
const THROTTLES: &str = "AmazonThrottles";
/// What they measure of how long calls have to wait for it.
const QUOTA_WAIT: &str = "QuotaWait";
/// Longer than orders wait of which there are a few.
const LONG_WAIT_MILLISECONDS: f64 = 30_000.0;
/// More calls than there are while something is broken.
const ALL_CALLS: u32 = 100_000;

impl Fault {
    /// All of them, in their order.
    pub const ALL: [Self; 9] = [
        Self::Secret,
        Self::Seller,
        Self::Role,
        Self::Poison,
        Self::Storage,
        Self::Tables,
        Self::Key,
        Self::Quota,
        Self::Crowd,
    ];

    fn name(self) -> &'static str {
        match self {
            Self::Secret => "secret",
            Self::Seller => "seller",
            Self::Role => "role",
            Self::Poison => "poison",
            Self::Storage => "storage",
            Self::Tables => "tables",
            Self::Key => "key",
            Self::Quota => "quota",
            Self::Crowd => "crowd",
        }
    }

    /// What it is, in words.
    pub fn what(self) -> &'static str {
        match self {
            Self::Secret => "Amazon takes another client secret than the stack has",
            Self::Seller => "a seller has withdrawn the authorization",
            Self::Role => "the application lacks the role for a report",
            Self::Poison => "the notifications queue has a message that is none of Amazon's",
            Self::Storage => "S3 throttles everything",
            Self::Tables => "IAM refuses the tables",
            Self::Key => "the key that encrypts refresh tokens is disabled",
            Self::Quota => "another application has used up the quota",
            Self::Crowd => "many more orders wait than Amazon takes at once",
        }
    }

    /// What mends it.
    pub fn cure(self) -> &'static str {
        match self {
            Self::Secret => "the new secret, stored as printed",
            Self::Seller => "the new refresh token, stored as printed",
            Self::Role => "Amazon grants the role",
            Self::Poison => "the message thrown away as printed",
            Self::Storage => "S3 takes requests again",
            Self::Tables => "IAM allows the tables again",
            Self::Key => "the key enabled again",
            Self::Quota => "the other application leaves some of it",
            Self::Crowd => "none: they are carried out one by one",
        }
    }

    /// What rows call what they wait for, or the metric that shows it: the runbook speaks of it by that name.
    pub fn topic(self) -> &'static str {
        match self {
            Self::Seller => "AuthorizationRevoked",
            Self::Role => "AccessDenied",
            Self::Quota => THROTTLES,
            Self::Crowd => QUOTA_WAIT,
            _ => "WAITING_FOR_OWNER",
        }
    }

    /// Who is told.
    pub fn signal(self, broken: &Broken) -> Signal {
        let waits = || Signal::Mail {
            headline: "Amazon reports wait",
            seller: broken.seller.id.clone(),
        };
        match self {
            Self::Secret => Signal::Alarm(&["CredentialsRefused"]),
            Self::Seller | Self::Role => waits(),
            Self::Poison => Signal::Alarm(&["DeadLetterQueueNotEmpty"]),
            Self::Storage => Signal::Alarm(&["StorageFails"]),
            Self::Tables => Signal::Alarm(&["ReportsNotDelivered", "RetrievalFails", "ReconcilerFails"]),
            Self::Key => Signal::Alarm(&["ReportsNotDelivered", "RetrievalFails"]),
            Self::Quota => Signal::Metric {
                name: THROTTLES,
                at_least: 1.0,
            },
            Self::Crowd => Signal::Metric {
                name: QUOTA_WAIT,
                at_least: LONG_WAIT_MILLISECONDS,
            },
        }
    }

    /// Breaks it.
    pub async fn strike(self, scene: &Scene<'_>) -> Result<Broken> {
        let seller = scene.seller().await?;
        let mut credentials = None;
        let mut count = 1;
        match self {
            Self::Secret => {
                credentials = Some(scene.simulator.rotate_client_secret(0).await?);
                scene.simulator.expire_access_tokens().await?;
            }
            Self::Seller => scene.simulator.revoke(&seller.refresh_token).await?,
            Self::Role => {
                for operation in ["getReportDocument", "createRestrictedDataToken"] {
                    let denied = json!({
                        "operation": operation, "sellerId": seller.id, "kind": "status", "status": 403,
                        "count": ALL_CALLS,
                    });
                    scene.simulator.fault(&denied).await?;
                }
            }
            Self::Poison => {
                let queue = scene.stack.output("NOTIFICATIONS_QUEUE_ARN")?;
                let garbage = format!("garbage of {}", seller.id);
                scene.simulator.send_message(&queue, &garbage).await?;
            }
            Self::Storage => {
                count = SEVERAL;
                refuse(
                    scene,
                    &json!({"service": "s3", "kind": "throttle", "stubborn": true}),
                )
                .await?;
            }
            Self::Tables => {
                count = SEVERAL;
                let refusal = json!({
                    "service": "dynamodb", "kind": "throttle", "code": "AccessDeniedException", "stubborn": true,
                });
                refuse(scene, &refusal).await?;
            }
            Self::Key => {
                count = SEVERAL;
                switch_key(scene, "DisableKey").await?;
            }
            Self::Quota => {
                let spent = json!({
                    "operation": "getReportDocument", "sellerId": seller.id, "kind": "status", "status": 429,
                    "code": "QuotaExceeded", "count": ALL_CALLS,
                });
                scene.simulator.fault(&spent).await?;
            }
            Self::Crowd => scene.order_many(&seller, scene.options.orders).await?,
        }
        let reports = match self {
            Self::Crowd => Vec::new(),
            // Announced as Amazon does, which does not announce what it revoked.
            Self::Seller => vec![announced(scene, &seller).await?],
            _ => scene.finished_reports(&seller, count).await?,
        };
        Ok(Broken {
            seller,
            reports,
            credentials,
        })
    }

    /// What the operator types where the commands that mend it ask.
    pub fn typed(self, broken: &Broken) -> Vec<String> {
        match (self, &broken.credentials) {
            (Self::Secret, Some((id, secret))) => vec![id.clone(), secret.clone()],
            (Self::Seller, _) => vec![broken.seller.id.clone(), new_token(&broken.seller)],
            _ => Vec::new(),
        }
    }

    /// Whether the runbook's commands mend it. Otherwise somebody does, at Amazon or in the account.
    fn is_mended_by_commands(self) -> bool {
        matches!(self, Self::Secret | Self::Seller | Self::Poison)
    }

    /// What somebody else does; and, when the runbook's commands are not run, what they would have done.
    pub async fn mend(self, scene: &Scene<'_>, broken: &Broken, with_commands: bool) -> Result<()> {
        if self == Self::Seller {
            // The seller authorizes the application again, which gives a new token.
            let token = new_token(&broken.seller);
            scene.simulator.register_seller(&broken.seller.id, &token).await?;
        }
        if with_commands && self.is_mended_by_commands() {
            return Ok(());
        }
        match self {
            Self::Secret => {
                let (id, secret) = broken.credentials.as_ref().context("there are new ones")?;
                let secret = json!({"ClientId": id, "ClientSecret": secret}).to_string();
                let name = scene.stack.output("LWA_SECRET_NAME")?;
                let put = scene.stack.secrets().put_secret_value().secret_id(name);
                put.secret_string(secret).send().await?;
            }
            Self::Seller => {
                let token = json!({"SellerId": broken.seller.id, "RefreshToken": new_token(&broken.seller)});
                scene.post("/tokens", &token).await?;
            }
            Self::Role | Self::Quota => scene.simulator.clear_faults().await?,
            Self::Poison => scene.purge_dead_letters().await?,
            Self::Storage | Self::Tables => scene.aws_faults.end().await?,
            Self::Key => switch_key(scene, "EnableKey").await?,
            Self::Crowd => {}
        }
        Ok(())
    }

    /// Waits until what had stopped has come through.
    pub async fn has_recovered(self, scene: &Scene<'_>, broken: &Broken) -> Result<()> {
        match self {
            Self::Poison => scene.has_no_dead_letters().await?,
            Self::Crowd => scene.all_delivered(&broken.seller, scene.options.orders).await?,
            _ => {}
        }
        scene.delivered(&broken.seller, &broken.reports).await
    }
}

/// From now on AWS refuses that.
async fn refuse(scene: &Scene<'_>, rule: &Value) -> Result<()> {
    scene.aws_faults.begin(std::slice::from_ref(rule)).await
}

async fn switch_key(scene: &Scene<'_>, operation: &str) -> Result<()> {
    let key = json!({"KeyId": scene.token_key().await?});
    scene.aws.ask(Keys, operation, &key).await?;
    Ok(())
}

/// A report of a seller whose authorization is gone, and Amazon's message about it from before.
async fn announced(scene: &Scene<'_>, seller: &Seller) -> Result<String> {
    let silent = json!({"notify": false});
    let made = scene
        .simulator
        .report_made_elsewhere(&seller.id, "EU", REPORT_TYPE, silent);
    let report = made.await?;
    let document = scene.document_of(seller, &report).await?;
    let message = json!({
        "notificationVersion": "2020-09-04", "notificationType": "REPORT_PROCESSING_FINISHED",
        "payloadVersion": "2020-09-04", "eventTime": "2026-07-14T03:35:13.214Z",
        "payload": {"reportProcessingFinishedNotification": {
            "sellerId": seller.id, "reportId": report, "reportType": REPORT_TYPE, "processingStatus": "DONE",
            "reportDocumentId": document,
        }},
        "notificationMetadata": {"applicationId": "amzn1.sellerapps.app.x", "subscriptionId": "s",
            "publishTime": "2026-07-14T03:35:13.214Z", "notificationId": "n"},
    });
    let queue = scene.stack.output("NOTIFICATIONS_QUEUE_ARN")?;
    scene.simulator.send_message(&queue, &message.to_string()).await?;
    Ok(report)
}

/// What the seller's new authorization gives.
fn new_token(seller: &Seller) -> String {
    format!("Atzr|{}|again", seller.id)
}

impl fmt::Display for Fault {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

impl FromStr for Fault {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        let found = Self::ALL.into_iter().find(|fault| fault.name() == name);
        found.ok_or_else(|| format!("one of {}", Self::ALL.map(Self::name).join(", ")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::runbook::Runbook;

    /// None without a section in the runbook, and none whose alarm is not deployed.
    #[test]
    fn each_fault_is_told_and_has_a_section_with_commands() -> Result<()> {
        let runbook = Runbook::of_checkout()?;
        let app = concat!(env!("CARGO_MANIFEST_DIR"), "/../../cdk/lib/constructs/alarms.ts");
        let alarms = std::fs::read_to_string(app)?;
        for fault in Fault::ALL {
            let broken = Broken {
                seller: Seller {
                    id: "A1".to_owned(),
                    refresh_token: "Atzr|A1".to_owned(),
                },
                reports: vec!["500".to_owned()],
                credentials: None,
            };
            match fault.signal(&broken) {
                Signal::Alarm(names) => {
                    for name in names {
                        assert!(
                            alarms.contains(&format!("\"{name}\"")) || alarms.contains(&format!("{name}: [")),
                            "{fault}: {name}"
                        );
                    }
                }
                Signal::Mail { .. } | Signal::Metric { .. } => {
                    let section = runbook.section_on(fault.topic())?;
                    assert!(!section.blocks.is_empty(), "{fault}: {}", section.anchor);
                }
            }
        }
        Ok(())
    }

    #[test]
    fn what_is_typed_is_what_the_commands_ask_for() {
        let broken = Broken {
            seller: Seller {
                id: "A1".to_owned(),
                refresh_token: "Atzr|A1|drill".to_owned(),
            },
            reports: Vec::new(),
            credentials: Some(("client".to_owned(), "secret".to_owned())),
        };
        assert_eq!(Fault::Secret.typed(&broken), ["client", "secret"]);
        assert_eq!(Fault::Seller.typed(&broken), ["A1", "Atzr|A1|again"]);
        assert!(Fault::Poison.typed(&broken).is_empty());
    }
}
