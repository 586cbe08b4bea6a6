//! One report for everybody before it begins: Amazon says its quotas only with an answer, and here they
//! come back faster than its documentation says.

use anyhow::{Result, bail};

use crate::mail::Mail;
use crate::ordering::{self, Sent};
use crate::plan::{PlannedOrder, Post};
use crate::scene::{Account, Scene};
use crate::settling;

/// Orders one report for each account and waits until it is delivered.
pub async fn warm_up(scene: &Scene, accounts: &[Account], orders: &[PlannedOrder]) -> Result<Vec<Sent>> {
    scene.printer.line(&format!(
        "Warming up: a report for each of {} sellers, so that the limiter learns how fast Amazon is here",
        accounts.len()
    ));
    let mut sent = Vec::new();
    for order in orders.iter().take(accounts.len()) {
        let post = Post {
            orders: vec![order.number],
            is_batch: false,
            key: Some(format!("warm-up-{}", order.number)),
            is_repeated: false,
        };
        sent.extend(ordering::send(scene, accounts, orders, &post).await);
    }
    if let Some(refusal) = sent.iter().find_map(|sent| sent.refusal.as_ref()) {
        bail!("an order was refused before the storm: {refusal}");
    }
    let sellers: Vec<_> = accounts.iter().map(|account| account.seller.as_str()).collect();
    let standing = settling::settle(scene, &sellers, &sent, &mut Mail::default()).await?;
    if !standing.is_calm() {
        bail!("reports do not even arrive without a storm: {}", standing.line());
    }
    Ok(sent)
}
