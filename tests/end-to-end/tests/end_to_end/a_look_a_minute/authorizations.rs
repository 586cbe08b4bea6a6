//! Sellers are reminded before their authorizations end. Who comes from elsewhere says when they were given.

use std::time::Duration;

use end_to_end::Email;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use crate::news::events;
use crate::world::{Seller, World};

/// Who gets what is the owner's.
const OWNER: &str = "seller@example.com";

/// Until somebody looks, twice, and some more.
const UNTIL_REMINDED: Duration = Duration::from_secs(240);

const DAY: SignedDuration = SignedDuration::from_hours(24);

async fn subscribed(world: &World) -> [Seller; 4] {
    [
        world.subscribed_seller("EU").await,
        world.subscribed_seller("EU").await,
        world.subscribed_seller("EU").await,
        world.subscribed_seller("EU").await,
    ]
}

/// Gives a seller an address, who authorized so many days ago.
async fn authorized(world: &World, seller: &Seller, days: i32) -> String {
    let address = format!("{}@example.com", seller.id.to_lowercase());
    let token = json!({
        "SellerId": seller.id, "RefreshToken": seller.refresh_token, "NotificationEmail": address,
        "AuthorizedAt": Timestamp::now() - DAY * days,
    });
    world.post_ok("/tokens", &token).await;
    address
}

/// The owner's and the seller's reminder.
async fn reminded(world: &World, seller: &Seller) -> [Email; 2] {
    let mut reminders = Vec::new();
    for headline in ["Amazon authorization ends", "Please authorize again"] {
        let email = world
            .mailbox
            .wait_for_headline(headline, &seller.id, UNTIL_REMINDED)
            .await;
        reminders.push(email.expect("it comes"));
    }
    reminders.try_into().expect("two")
}

async fn shown(world: &World, seller: &Seller) -> Value {
    let answer = world.get_ok(&format!("/sellers/{}", seller.id), &[]).await;
    answer["sellers"][0].clone()
}

#[tokio::test]
async fn owner_and_seller_are_reminded_once_each_in_words_of_their_own() {
    let Some(world) = World::find().await else { return };
    let [seller, young, old, next] = subscribed(&world).await;
    let bus = events(&world, &seller, "AuthorizationEnds").await;
    // Nobody is reminded of what ends in a year, or has ended.
    authorized(&world, &young, 10).await;
    authorized(&world, &old, 400).await;
    let address = authorized(&world, &seller, 340).await;
    let [owners, sellers] = reminded(&world, &seller).await;
    assert_eq!(
        (owners.recipient.as_str(), sellers.recipient.as_str()),
        (OWNER, address.as_str())
    );
    let now = shown(&world, &seller).await;
    let due = now["reauthorizationDue"].as_str().expect("a time");
    for mail in [&owners, &sellers] {
        assert!(mail.text.contains("within 30 days"), "{}", mail.text);
        assert_eq!(mail.fact("Ends"), due.get(.."2026-11-22".len()));
        assert_eq!(mail.fact("Region"), Some("EU"));
    }
    assert!(owners.text.contains("POST /tokens"), "{}", owners.text);
    assert!(!sellers.text.contains("POST /tokens"), "{}", sellers.text);
    assert_eq!(now["trouble"][0]["code"], "AuthorizationEnds", "{now}");
    assert_eq!(
        bus.next().await["detail"]["authorization"],
        json!({"authorizedAt": now["authorizedAt"], "endsAt": due})
    );

    // Another look has been taken once another seller is reminded.
    authorized(&world, &next, 362).await;
    let [_, last] = reminded(&world, &next).await;
    assert!(last.text.contains("within 7 days"), "{}", last.text);
    let all = world.mailbox.all().await.expect("read");
    let to = |seller: &Seller| all.iter().filter(|it| it.seller() == Some(&seller.id)).count();
    assert_eq!((to(&seller), to(&young), to(&old)), (2, 0, 0));

    // A new authorization is another year's.
    world.authorize(&seller).await;
    assert_eq!(shown(&world, &seller).await["trouble"], json!([]));
    let over = shown(&world, &old).await;
    assert_eq!(over["trouble"][0]["since"], over["reauthorizationDue"], "{over}");
}
