//! What is amiss with a seller's account.

use std::collections::BTreeSet;

use jiff::Timestamp;
use pipeline::PipelineError;
use pipeline::adapters::{Ledger, SellerRow, Standing};
use pipeline::answers::Trouble;
use pipeline::domain::obstacle::Obstacle;
use pipeline::domain::{Account, AuthorizationTerm};

/// The obstacles that stand in the way of some accounts.
pub struct Standings(Vec<Standing>);

impl Standings {
    /// Reads those that stand in the way of `sellers`.
    pub async fn read(ledger: &Ledger, sellers: &[SellerRow]) -> Result<Self, PipelineError> {
        let accounts: BTreeSet<&Account> = sellers.iter().map(|row| &row.account).collect();
        let mut standings = Vec::new();
        for obstacle in ledger.obstacles(None).await? {
            if obstacle
                .account()
                .is_none_or(|account| accounts.contains(account))
            {
                // It may be gone by now.
                standings.extend(ledger.obstacle(&obstacle).await?);
            }
        }
        Ok(Self(standings))
    }

    fn of<'a>(&'a self, account: &'a Account) -> impl Iterator<Item = &'a Standing> {
        let all = self.0.iter();
        all.filter(move |standing| standing.obstacle.account().is_none_or(|it| it == account))
    }
}

/// All that is amiss at `now`, or will be soon.
pub fn trouble_of(
    row: &SellerRow,
    standings: &Standings,
    term: AuthorizationTerm,
    now: Timestamp,
) -> Vec<Trouble> {
    let mut trouble: Vec<Trouble> = standings.of(&row.account).map(of_obstacle).collect();
    if row.region.is_none() && !trouble.iter().any(|it| it.code == "RegionUnknown") {
        trouble.push(Trouble {
            code: "RegionUnknown".to_owned(),
            reason: "it is not known in which region the seller sells: subscribe the seller with POST /notifications"
                .to_owned(),
            report_type: None,
            since: None,
        });
    }
    if let Some((since, why)) = &row.mail_off {
        trouble.push(Trouble {
            code: "MailStopped".to_owned(),
            reason: format!("nothing more is sent to the seller's address: {why}"),
            report_type: None,
            since: Some(*since),
        });
    }
    trouble.extend(of_authorization(row, term, now));
    trouble
}

fn of_obstacle(standing: &Standing) -> Trouble {
    let report_type = match &standing.obstacle {
        Obstacle::Role(_, report_type) => Some(report_type.clone()),
        Obstacle::Credentials | Obstacle::Authorization(_) => None,
    };
    Trouble {
        code: standing.error.clone(),
        reason: standing.cause.clone(),
        report_type,
        since: Some(standing.since),
    }
}

/// One that ends soon, or should have ended.
fn of_authorization(row: &SellerRow, term: AuthorizationTerm, now: Timestamp) -> Option<Trouble> {
    let authorized_at = row.authorized_at?;
    let end = term.end(authorized_at)?;
    let is_over = end <= now;
    if !is_over && term.reminder(authorized_at, now).is_none() {
        return None;
    }
    Some(Trouble {
        code: "AuthorizationEnds".to_owned(),
        reason: match is_over {
            true => "the seller was to authorize the application again by then".to_owned(),
            false => format!("the seller is to authorize the application again by {end:.0}"),
        },
        report_type: None,
        since: is_over.then_some(end),
    })
}
