//! E-mails that nobody gets: addresses that are switched off, and what was refused for good.

use jiff::Timestamp;

use super::row::{number, text, time};
use super::{Ledger, RowKey, send};
use crate::PipelineError;
use crate::domain::Account;

/// The row of an address that is switched off is forgotten after that; so long the event of it may come again.
const STOPPED_MAIL_KEPT_SECONDS: i64 = 30 * 86_400;

impl RowKey<'_> {
    /// The row of an account's address that is switched off since then.
    #[must_use]
    pub fn of_stopped_mail(account: &Account, since: Timestamp) -> Self {
        Self::of_kind("mail-stopped", format!("{account}/{since}"))
    }
}

impl Ledger {
    /// Writes that the owner has been told of an address that is switched off, and ends the turn.
    ///
    /// # Errors
    /// DynamoDB failed.
    pub async fn record_stopped_mail(
        &self,
        account: &Account,
        since: Timestamp,
    ) -> Result<(), PipelineError> {
        let now = Timestamp::now();
        let update = self
            .update_row(RowKey::of_stopped_mail(account, since))
            .update_expression(
                "SET failureAnnouncedAt = :now, expiresAt = :expires REMOVE announcingUntil, announcingBy",
            )
            .expression_attribute_values(":now", time(now))
            .expression_attribute_values(":expires", number(now.as_second() + STOPPED_MAIL_KEPT_SECONDS));
        send(update).await.map(drop)
    }

    /// Writes why an e-mail about a row was refused for good, if the row is there still. The turn goes on.
    ///
    /// # Errors
    /// DynamoDB failed.
    pub async fn record_mail_refusal(
        &self,
        row: impl Into<RowKey<'_>>,
        refusal: &str,
    ) -> Result<(), PipelineError> {
        let update = self
            .update_row(row.into())
            .update_expression("SET mailError = :refusal")
            .condition_expression("attribute_exists(sellerId)")
            .expression_attribute_values(":refusal", text(refusal));
        send(update).await.map(drop)
    }
}
