use lambda_http::http::HeaderMap;
use pipeline::domain::LinkToken;

use super::*;

fn answers() -> Answers {
    Answers {
        pages: Pages::default(),
        name: "Müller & Söhne".into(),
        contact: Some("Ask ann@example.com".into()),
    }
}

fn answered(outcome: &Outcome, language: Language) -> (u16, HeaderMap, String) {
    let (parts, body) = answers().to(outcome, language).into_parts();
    let text = String::from_utf8(body.to_vec()).expect("UTF-8");
    (parts.status.as_u16(), parts.headers, text)
}

/// Every page that there is.
fn pages() -> Vec<(u16, Outcome)> {
    let invited = |account_type| Outcome::Invited {
        way_on: "secret/consent".into(),
        account_type,
    };
    vec![
        (200, invited(AccountType::Seller)),
        (200, invited(AccountType::Vendor)),
        (404, Outcome::NoInvitation),
        (400, Outcome::NotFromAppstore),
        (400, Outcome::NotBegunHere),
        (400, Outcome::RefusedByAmazon(Refusal::Denied)),
        (400, Outcome::RefusedByAmazon(Refusal::Draft)),
        (400, Outcome::RefusedByAmazon(Refusal::Redirect)),
        (400, Outcome::RefusedByAmazon(Refusal::Unknown)),
        (403, Outcome::OtherSeller),
        (403, Outcome::KnownSeller),
        (400, Outcome::CodeNotTaken),
        (200, Outcome::Done { is_complete: true }),
        (200, Outcome::Done { is_complete: false }),
        (503, Outcome::NotNow),
    ]
}

#[test]
fn every_page_is_in_its_language_says_whom_to_ask_and_fetches_nothing() {
    for language in Language::ALL {
        let mut titles = Vec::new();
        for (expected, outcome) in pages() {
            let (status, headers, page) = answered(&outcome, language);
            assert_eq!(status, expected, "{outcome:?}");
            assert_eq!(headers["content-language"], language.tag());
            assert_eq!(headers["cache-control"], "no-store");
            assert_eq!(headers["referrer-policy"], "no-referrer");
            assert!(page.contains("<p>Ask ann@example.com</p>"), "{page}");
            for what in ["{name}", "http:", "https:", "src=", "<script", "& S"] {
                assert!(!page.contains(what), "{what} in {page}");
            }
            let leads_on = matches!(outcome, Outcome::Invited { .. });
            assert_eq!(page.contains("<a href=\"secret/consent\">"), leads_on, "{page}");
            let (_, title) = page.split_once("<h1>").expect("a heading");
            titles.push(title.split_once("</h1>").expect("its end").0.to_owned());
        }
        assert!(titles[0].contains("Müller &amp; Söhne"), "{}", titles[0]);
        // Sellers and vendors are asked under the same title.
        titles.sort_unstable();
        titles.dedup();
        assert_eq!(titles.len(), pages().len() - 1, "{titles:?}");
    }
}

#[test]
fn who_goes_on_gets_a_cookie_and_who_is_done_loses_it() {
    let cookie = Cookie(LinkToken::random());
    let url = "https://sellercentral.amazon.com/apps/authorize/consent?state=1".to_owned();
    let (status, headers, body) = answered(
        &Outcome::ToAmazon {
            url: url.clone(),
            cookie: cookie.clone(),
        },
        Language::English,
    );
    assert_eq!((status, body.as_str()), (303, ""));
    assert_eq!(headers["location"], url.as_str());
    assert_eq!(headers["set-cookie"], cookie.set());
    assert_eq!(headers["referrer-policy"], "no-referrer");
    let (_, headers, _) = answered(&Outcome::Done { is_complete: true }, Language::English);
    assert_eq!(headers["set-cookie"], Cookie::end());
    let (_, headers, _) = answered(&Outcome::NotNow, Language::English);
    assert_eq!(headers["retry-after"], "60");
}

#[test]
fn amazons_codes_are_understood_wherever_they_stand() {
    let read = |codes: &[&str]| Refusal::of(codes.iter().copied());
    assert_eq!(read(&[]), None);
    assert_eq!(read(&["MD1000"]), Some(Refusal::Draft));
    assert_eq!(
        read(&["invalid_request", "Error MD5101: redirect_uri"]),
        Some(Refusal::Redirect)
    );
    assert_eq!(
        read(&["access_denied", "The user said no"]),
        Some(Refusal::Denied)
    );
    assert_eq!(read(&["user_cancelled"]), Some(Refusal::Denied));
    assert_eq!(read(&["server_error"]), Some(Refusal::Unknown));
}
