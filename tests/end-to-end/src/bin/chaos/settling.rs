//! Waiting until nothing is left to do.

use std::time::{Duration, Instant};

use anyhow::Result;

use crate::evidence::{Row, TrueReport, ledger};
use crate::mail::{self, Mail};
use crate::ordering::{Receipt, Sent};
use crate::scene::Scene;

/// For so long nothing at all may change before it is given up. The reconciler comes every minute.
const PATIENCE: Duration = Duration::from_secs(240);

/// How often people hear how it stands.
const TELL: Duration = Duration::from_secs(5);

/// How far everything is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Standing {
    /// Reports that Amazon has made or makes.
    pub reports: usize,
    /// Those whose end is in the ledger.
    pub settled: usize,
    /// Orders that wait for their quota.
    pub queued: usize,
    /// Executions that run.
    pub running: usize,
    /// Notifications that wait.
    pub messages: u64,
    /// Notifications that the storm has not sent yet.
    pub letters: usize,
    /// Grows with every step of any report.
    progress: u64,
}

impl Standing {
    fn of(reports: &[TrueReport], rows: &[Row], orders: &[Sent]) -> Self {
        let row = |seller: &str, id: &str| rows.iter().find(|row| row.seller == seller && row.id == id);
        let is_settled = |report: &&TrueReport| {
            report.is_final() && row(&report.seller, &report.id).is_some_and(Row::is_final)
        };
        let is_queued = |order: &&Sent| match order.receipts.first() {
            Some(Receipt::Request(id)) => !row(&order.seller, id).is_some_and(Row::is_final),
            _ => false,
        };
        Self {
            reports: reports.len(),
            settled: reports.iter().filter(is_settled).count(),
            queued: orders.iter().filter(is_queued).count(),
            progress: rows.iter().map(|row| row.progress).sum(),
            ..Self::default()
        }
    }

    /// Looks how everything stands.
    pub async fn now(scene: &Scene, sellers: &[&str], orders: &[Sent], mail: &Mail) -> Result<Self> {
        let reports = mail::look(scene, sellers).await?;
        let rows = ledger::rows(scene, sellers).await?;
        Ok(Self {
            running: scene.running().await?.len(),
            messages: scene.waiting_messages().await?,
            letters: mail.waiting(&reports),
            ..Self::of(&reports, &rows, orders)
        })
    }

    /// Whether nothing is left to do.
    pub fn is_calm(&self) -> bool {
        let busy = (self.queued, self.running, self.messages, self.letters);
        self.settled == self.reports && busy == (0, 0, 0, 0)
    }

    /// The same for people.
    pub fn line(&self) -> String {
        let mut line = format!(
            "{} of {} reports settled",
            self.settled,
            self.reports + self.queued
        );
        for (count, what) in [
            (self.queued, "orders wait for their quota"),
            (self.running, "executions run"),
            (
                usize::try_from(self.messages).unwrap_or(usize::MAX),
                "notifications wait",
            ),
            (self.letters, "notifications are late"),
        ] {
            if count > 0 {
                line.push_str(&format!(", {count} {what}"));
            }
        }
        line
    }
}

/// Waits until it is calm, or nothing has changed for too long; how it stands then.
pub async fn settle(scene: &Scene, sellers: &[&str], orders: &[Sent], mail: &mut Mail) -> Result<Standing> {
    let mut last = Standing::default();
    let (mut changed, mut told, mut calm) = (Instant::now(), None::<Instant>, 0);
    loop {
        let reports = mail::look(scene, sellers).await?;
        mail.send_due(scene, &reports).await?;
        let standing = Standing::now(scene, sellers, orders, mail).await?;
        if standing != last {
            (last, changed) = (standing, Instant::now());
            if told.is_none_or(|told| told.elapsed() > TELL) || standing.is_calm() {
                scene.printer.line(&format!("  {}", standing.line()));
                told = Some(Instant::now());
            }
        }
        // Queues tell only about how many messages they hold, so one look is not enough.
        calm = if standing.is_calm() { calm + 1 } else { 0 };
        if calm == 3 {
            return Ok(standing);
        }
        if changed.elapsed() > PATIENCE {
            let patience = PATIENCE.as_secs();
            scene.printer.line(&format!(
                "  Nothing has changed for {patience} s: {}",
                standing.line()
            ));
            return Ok(standing);
        }
        tokio::time::sleep(Duration::from_secs(2)).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(id: &str, status: &str) -> TrueReport {
        TrueReport {
            seller: "A1".into(),
            id: id.into(),
            region: "EU".into(),
            report_type: "GET_X".into(),
            order: Some(1),
            status: status.into(),
            has_document: true,
            bytes: None,
            sha256: None,
            content_sha256: None,
            is_gzip: false,
            charset: None,
            oddity: None,
            notified: 1,
        }
    }

    fn row(id: &str, status: &str) -> Row {
        Row {
            seller: "A1".into(),
            id: id.into(),
            status: status.into(),
            ..Row::default()
        }
    }

    #[test]
    fn a_report_is_settled_when_amazon_and_the_ledger_are_done_with_it() {
        let reports = [
            report("1", "DONE"),
            report("2", "IN_PROGRESS"),
            report("3", "FATAL"),
        ];
        let rows = [row("1", "STORED"), row("2", "ORDERED"), row("3", "FATAL")];
        let standing = Standing::of(&reports, &rows, &[]);
        assert_eq!((standing.reports, standing.settled), (3, 1));
        assert!(!standing.is_calm());
        let rows = [row("1", "ANNOUNCED"), row("3", "FAILED")];
        assert!(Standing::of(&[report("1", "DONE"), report("3", "DONE")], &rows, &[]).is_calm());
    }

    #[test]
    fn a_queued_order_is_waited_for() {
        let order = Sent {
            order: 1,
            seller: "A1".into(),
            report_type: "GET_X".into(),
            has_key: true,
            receipts: vec![Receipt::Request("order-1".into())],
            refusal: None,
        };
        let queued =
            |status| Standing::of(&[], &[row("order-1", status)], std::slice::from_ref(&order)).queued;
        assert_eq!((queued("QUEUED"), queued("PLACING")), (1, 1));
        assert_eq!((queued("PLACED"), queued("FAILED")), (0, 0));
        assert_eq!(
            Standing::of(&[], &[], std::slice::from_ref(&order)).queued,
            1,
            "its row is not there yet"
        );
    }
}
