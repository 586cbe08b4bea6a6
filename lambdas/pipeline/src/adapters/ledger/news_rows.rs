//! Rows that are there for some news alone, so that these are told once.

use jiff::Timestamp;

use super::row::{number, time};
use super::{Ledger, RowKey, send};
use crate::PipelineError;
use crate::domain::news::Audience;
use crate::domain::{Account, EndingAuthorization};

/// A row that is there for some news alone is forgotten after that; so long what they are of may come again.
const TOLD_KEPT_SECONDS: i64 = 30 * 86_400;

impl RowKey<'_> {
    /// The row of an account's address that is switched off since then.
    #[must_use]
    pub fn of_stopped_mail(account: &Account, since: Timestamp) -> Self {
        Self::of_kind("mail-stopped", format!("{account}/{since}"))
    }

    /// The row of a reminder that an account's authorization ends, for its owner or for the seller.
    #[must_use]
    pub fn of_reminder(ending: &EndingAuthorization, audience: Audience) -> Self {
        let EndingAuthorization {
            account,
            authorized_at,
            reminder,
            ..
        } = ending;
        let audience = audience.as_str();
        Self::of_kind(
            "authorization-ends",
            format!("{account}/{authorized_at}/{reminder}/{audience}"),
        )
    }

    /// The row of an account's authorization that Amazon has not taken since then.
    #[must_use]
    pub fn of_lost_authorization(account: &Account, since: Timestamp) -> Self {
        Self::of_kind("authorization-lost", format!("{account}/{since}"))
    }
}

impl Ledger {
    /// Writes that news have been told whose row is there for them alone, and ends the turn.
    ///
    /// # Errors
    /// DynamoDB failed.
    pub async fn record_told(&self, row: RowKey<'_>) -> Result<(), PipelineError> {
        let now = Timestamp::now();
        let update = self
            .update_row(row)
            .update_expression(
                "SET failureAnnouncedAt = :now, expiresAt = :expires REMOVE announcingUntil, announcingBy",
            )
            .expression_attribute_values(":now", time(now))
            .expression_attribute_values(":expires", number(now.as_second() + TOLD_KEPT_SECONDS));
        send(update).await.map(drop)
    }
}
