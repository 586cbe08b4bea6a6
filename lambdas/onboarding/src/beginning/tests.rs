use aws_sdk_dynamodb::operation::get_item::GetItemOutput;
use aws_sdk_dynamodb::operation::put_item::PutItemOutput;
use aws_sdk_dynamodb::types::AttributeValue;
use aws_smithy_mocks::{Rule, RuleMode, mock, mock_client};
use pipeline::domain::{AccountType, ConsentPages};

use super::*;

const CALLBACK: &str = "https://sellercentral.amazon.co.jp/apps/authorize/confirm/amzn1.sp.solution.1";

/// The table, as far as this function sees it.
struct Rules {
    get: Rule,
    put: Rule,
}

impl Rules {
    /// With an invitation that ends then.
    fn ending(at: i64) -> Self {
        let text = |text: &str| AttributeValue::S(text.to_owned());
        Self {
            get: mock!(aws_sdk_dynamodb::Client::get_item).then_output(move || {
                GetItemOutput::builder()
                    .item("regionCode", text("EU"))
                    .item("accountType", text("Vendor"))
                    .item("country", text("DE"))
                    .item("sellerId", text("A3"))
                    .item("expiresAt", AttributeValue::N(at.to_string()))
                    .build()
            }),
            put: mock!(aws_sdk_dynamodb::Client::put_item).then_output(|| PutItemOutput::builder().build()),
        }
    }

    fn beginning(&self, is_in_appstore: bool) -> Beginning {
        let dynamodb = mock_client!(aws_sdk_dynamodb, RuleMode::MatchAny, &[&self.get, &self.put]);
        Beginning {
            onboardings: Onboardings::new(dynamodb, "onboardings".into()),
            application: Application {
                id: "amzn1.sp.solution.1".into(),
                pages: ConsentPages::default(),
                is_draft: true,
                is_in_appstore,
                api_url: "https://api.example.com/prod".into(),
            },
        }
    }

    /// How often the table was read, and written to.
    fn calls(&self) -> (usize, usize) {
        (self.get.num_calls(), self.put.num_calls())
    }
}

fn now() -> Timestamp {
    Timestamp::from_second(1000).expect("a time")
}

fn secret() -> String {
    LinkToken::random().expose()
}

fn state_in(url: &str) -> String {
    let (_, rest) = url.split_once("&state=").expect("a state");
    rest.split('&').next().expect("its value").to_owned()
}

#[tokio::test]
async fn an_invitation_is_shown_and_nothing_is_written() {
    let rules = Rules::ending(1001);
    let secret = secret();
    let outcome = rules.beginning(false).invitation(&secret, now()).await;
    let expected = Outcome::Invited {
        way_on: format!("{secret}/consent"),
        account_type: AccountType::Vendor,
    };
    assert_eq!(outcome.expect("an outcome"), expected);
    assert_eq!(rules.calls(), (1, 0));
}

#[tokio::test]
async fn what_is_no_invitation_leads_nowhere() {
    let rules = Rules::ending(1000);
    let beginning = rules.beginning(false);
    for text in ["", "favicon.ico", &"A".repeat(9000)] {
        assert_eq!(
            beginning.invitation(text, now()).await.expect("one"),
            Outcome::NoInvitation
        );
        assert_eq!(
            beginning.consent(text, now()).await.expect("one"),
            Outcome::NoInvitation
        );
    }
    assert_eq!(rules.calls(), (0, 0));
    // Over.
    assert_eq!(
        beginning.invitation(&secret(), now()).await.expect("one"),
        Outcome::NoInvitation
    );
    assert_eq!(
        beginning.consent(&secret(), now()).await.expect("one"),
        Outcome::NoInvitation
    );
    assert_eq!(rules.calls(), (2, 0));
}

#[tokio::test]
async fn who_goes_on_is_sent_to_the_invited_accounts_page_with_secrets_of_its_own() {
    let rules = Rules::ending(1001);
    let beginning = rules.beginning(false);
    let secret = secret();
    let mut secrets = vec![secret.clone()];
    for _ in 0..2 {
        let outcome = beginning.consent(&secret, now()).await.expect("an outcome");
        let Outcome::ToAmazon { url, cookie } = outcome else {
            panic!("{outcome:?}");
        };
        let start = "https://vendorcentral.amazon.de/apps/authorize/consent?application_id=amzn1.sp.solution.1&state=";
        let end = "&redirect_uri=https%3A%2F%2Fapi.example.com%2Fprod%2Fonboarding%2Fcallback&version=beta";
        assert!(url.starts_with(start) && url.ends_with(end), "{url}");
        secrets.extend([state_in(&url), cookie.0.expose()]);
    }
    let count = secrets.len();
    secrets.sort_unstable();
    secrets.dedup();
    assert_eq!(secrets.len(), count);
    assert_eq!(rules.calls(), (2, 2));
}

#[tokio::test]
async fn who_comes_from_the_appstore_is_sent_back_there() {
    let rules = Rules::ending(0);
    let query = Query::from([
        ("amazon_callback_uri", CALLBACK),
        ("amazon_state", "a&b"),
        ("selling_partner_id", "A3"),
    ]);
    let outcome = rules
        .beginning(true)
        .login(&query, now())
        .await
        .expect("an outcome");
    let Outcome::ToAmazon { url, .. } = outcome else {
        panic!("{outcome:?}");
    };
    assert!(
        url.starts_with(&format!("{CALLBACK}?amazon_state=a%26b&state=")),
        "{url}"
    );
    assert!(
        url.contains("&redirect_uri=https%3A%2F%2Fapi.example.com"),
        "{url}"
    );
    assert_eq!(rules.calls(), (0, 1));
}

#[tokio::test]
async fn nobody_is_sent_elsewhere_or_comes_uninvited() {
    let rules = Rules::ending(0);
    let login = async |is_in_appstore, callback, state, seller| {
        let query = Query::from([
            ("amazon_callback_uri", callback),
            ("amazon_state", state),
            ("selling_partner_id", seller),
        ]);
        let outcome = rules.beginning(is_in_appstore).login(&query, now()).await;
        outcome.expect("an outcome")
    };
    let long = "a".repeat(2049);
    for (is_in_appstore, callback, state, seller) in [
        (false, CALLBACK, "a", "A3"),
        (true, "https://evil.example/apps/authorize/confirm/a", "a", "A3"),
        (true, "", "a", "A3"),
        (true, CALLBACK, "", "A3"),
        (true, CALLBACK, long.as_str(), "A3"),
        (true, CALLBACK, "a", "A B"),
    ] {
        let outcome = login(is_in_appstore, callback, state, seller).await;
        assert_eq!(
            outcome,
            Outcome::NotFromAppstore,
            "{callback} {state:.9} {seller}"
        );
    }
    assert_eq!(rules.calls(), (0, 0));
}
