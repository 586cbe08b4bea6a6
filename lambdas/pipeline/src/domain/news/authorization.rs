use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;
use sp_api::RegionCode;

use super::{Circumstances, News, NewsId, NewsType};
use crate::domain::{Account, AdviceCode, EndingAuthorization, Failure, Particulars};

/// An authorization that ends.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct NewsAuthorization {
    /// When it was given.
    #[schemars(with = "String", extend("format" = "date-time"))]
    pub authorized_at: Timestamp,
    /// When it ends.
    #[schemars(with = "String", extend("format" = "date-time"))]
    pub ends_at: Timestamp,
}

impl News {
    /// That a seller's authorization ends soon.
    #[must_use]
    pub fn of_ending_authorization(ending: &EndingAuthorization, now: Timestamp) -> Self {
        Self::about_ending(NewsType::AuthorizationEnds, ending, now)
    }

    /// That a seller is asked to authorize again before that.
    #[must_use]
    pub fn of_authorizing_again(ending: &EndingAuthorization, now: Timestamp) -> Self {
        Self::about_ending(NewsType::AuthorizeAgain, ending, now)
    }

    /// That a seller is asked to authorize again, as Amazon has not taken the authorization since then.
    #[must_use]
    pub fn of_lost_authorization(
        account: &Account,
        region: Option<RegionCode>,
        failure: &Failure,
        since: Timestamp,
        now: Timestamp,
    ) -> Self {
        Self::about_authorization(
            NewsType::AuthorizeAgain,
            (account, region),
            &since.to_string(),
            now,
        )
        .because_of(Some((failure, AdviceCode::AuthorizeAgain)))
    }

    fn about_ending(kind: NewsType, ending: &EndingAuthorization, now: Timestamp) -> Self {
        let occurrence = format!("{} {}", ending.authorized_at, ending.reminder);
        Self {
            authorization: Some(NewsAuthorization {
                authorized_at: ending.authorized_at,
                ends_at: ending.ends_at,
            }),
            advice_code: Some(ending.advice().code),
            ..Self::about_authorization(kind, (&ending.account, ending.region), &occurrence, now)
        }
    }

    fn about_authorization(
        kind: NewsType,
        (account, region): (&Account, Option<RegionCode>),
        occurrence: &str,
        now: Timestamp,
    ) -> Self {
        let told = Circumstances {
            region,
            particulars: &Particulars::default(),
            releases: 0,
            now,
        };
        let id = NewsId::new(&[kind.as_str(), account.as_str(), occurrence]);
        Self::new(kind, id, Some(account.seller().clone()), &told)
    }
}
