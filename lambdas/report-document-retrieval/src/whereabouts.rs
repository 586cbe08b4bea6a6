//! Reports whose region nobody told.

use std::time::Duration;

use jiff::Timestamp;
use pipeline::PipelineError;
use pipeline::adapters::KnownAccount;
use pipeline::domain::{Account, AnnouncedReport};
use sp_api::rates::Operation;
use sp_api::{RegionCode, Report, SpApiError};

use crate::handler::Retrieval;

/// getReport gives two calls a second; an invocation may wait for a few of them.
const PATIENCE: Duration = Duration::from_secs(5);

/// A place where a report may be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    pub account: Account,
    pub region: RegionCode,
    /// Whether the account's region is known.
    pub is_known: bool,
}

/// What looking for a report came to.
pub enum Found {
    /// It is there.
    In(Place, Box<Report>),
    /// The quota of one of the places gives its next call then.
    AskAgain(Timestamp),
}

impl Retrieval {
    /// Where `announced` may be: where its seller sells, its own account first; anywhere for an account
    /// whose region is not known.
    pub async fn places(&self, announced: &AnnouncedReport) -> Result<Vec<Place>, PipelineError> {
        let own = &announced.seller_id;
        let mut known = self.partners.accounts(own.seller()).await?;
        known.sort_by_key(|known| known.account != *own);
        let places = places(&known);
        if places.is_empty() {
            return Err(PipelineError::SellerNotFound(own.seller().clone()));
        }
        Ok(places)
    }

    /// Asks Amazon in one place after the other.
    ///
    /// # Errors
    /// It is in none of them: the refusal that says most.
    pub async fn look_in(
        &self,
        places: Vec<Place>,
        announced: &AnnouncedReport,
    ) -> Result<Found, PipelineError> {
        let (seller, id) = (announced.seller_id.seller(), &announced.report_id);
        let mut refusal = None;
        for place in places {
            let region = place.region;
            let call = |client: sp_api::SpApiClient, token| async move {
                client.get_report(region, &token, id).await
            };
            let asked = self
                .amazon
                .if_free(seller, region, Operation::GetReport, PATIENCE, call);
            match asked.await {
                Ok(report) if is_the_one(announced, &report) => {
                    return Ok(Found::In(place, Box::new(report)));
                }
                Ok(_) => {}
                Err(PipelineError::Amazon(SpApiError::Throttled { retry_after, .. })) => {
                    return Ok(Found::AskAgain(Timestamp::now() + retry_after));
                }
                Err(error) if is_about_the_place(&error) => refusal = Some(weightier(refusal, error)),
                Err(error) => return Err(error),
            }
        }
        Err(refusal.unwrap_or_else(|| PipelineError::RegionUnknown(seller.clone())))
    }
}

fn places(known: &[KnownAccount]) -> Vec<Place> {
    let mut places: Vec<Place> = Vec::new();
    for KnownAccount { account, region } in known {
        let regions = match region {
            Some(region) => vec![*region],
            None => RegionCode::ALL
                .into_iter()
                .filter(|region| known.iter().all(|other| other.region != Some(*region)))
                .collect(),
        };
        places.extend(regions.into_iter().map(|region_code| Place {
            account: account.clone(),
            region: region_code,
            is_known: region.is_some(),
        }));
    }
    places
}

/// Ids of reports are unique only in their region. Those of documents look as if they were everywhere.
fn is_the_one(announced: &AnnouncedReport, report: &Report) -> bool {
    match (&announced.report_document_id, &report.report_document_id) {
        (Some(announced), Some(found)) => announced == found,
        _ => true,
    }
}

/// Whether the report may be in another place all the same.
fn is_about_the_place(error: &PipelineError) -> bool {
    matches!(
        error,
        PipelineError::SellerNotFound(_)
            | PipelineError::Amazon(
                SpApiError::NotFound { .. }
                    | SpApiError::Unauthorized { .. }
                    | SpApiError::Rejected { .. }
                    | SpApiError::AuthorizationRevoked { .. }
                    | SpApiError::AuthorizationForeign { .. }
            )
    )
}

/// Where an authorization is revoked, the report may be; where it is not found, it is not.
fn weightier(one: Option<PipelineError>, other: PipelineError) -> PipelineError {
    let is_not_found =
        |error: &PipelineError| matches!(error, PipelineError::Amazon(SpApiError::NotFound { .. }));
    let is_denied =
        |error: &PipelineError| matches!(error, PipelineError::Amazon(SpApiError::Unauthorized { .. }));
    match one {
        Some(one) if is_denied(&other) || is_not_found(&other) && !is_denied(&one) => one,
        _ => other,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn known(account: &str, region: Option<RegionCode>) -> KnownAccount {
        KnownAccount {
            account: Account::parse(account).expect("valid"),
            region,
        }
    }

    fn tried(known: &[KnownAccount]) -> Vec<String> {
        let places = places(known);
        let written = |place: &Place| format!("{} {} {}", place.account, place.region, place.is_known);
        places.iter().map(written).collect()
    }

    #[test]
    fn a_report_is_looked_for_where_its_seller_sells() {
        let (na, eu) = (
            known("A3", Some(RegionCode::Na)),
            known("A3_EU", Some(RegionCode::Eu)),
        );
        assert_eq!(tried(&[na, eu.clone()]), ["A3 NA true", "A3_EU EU true"]);
        assert_eq!(
            tried(&[known("A3", None)]),
            ["A3 NA false", "A3 EU false", "A3 FE false"]
        );
        assert_eq!(
            tried(&[known("A3", None), eu]),
            ["A3 NA false", "A3 FE false", "A3_EU EU true"]
        );
        assert_eq!(tried(&[]), [""; 0]);
    }

    #[test]
    fn another_regions_report_of_the_same_id_is_not_it() {
        let announced = |document: Option<&str>| -> AnnouncedReport {
            let mut report = json!({"SellerId": "A3", "ReportId": "1"});
            if let Some(document) = document {
                report["ReportDocumentId"] = json!(document);
            }
            serde_json::from_value(report).expect("a report")
        };
        let report: Report = serde_json::from_value(json!({
            "reportId": "1", "reportType": "GET_X", "processingStatus": "DONE", "reportDocumentId": "d",
            "createdTime": "2026-11-22T04:00:00Z",
        }))
        .expect("a report");
        assert!(is_the_one(&announced(Some("d")), &report));
        assert!(is_the_one(&announced(None), &report));
        assert!(!is_the_one(&announced(Some("e")), &report));
    }

    #[test]
    fn what_says_most_of_all_refusals_is_told() {
        let not_found = || {
            PipelineError::from(SpApiError::NotFound {
                operation: Operation::GetReport,
                code: String::new(),
                message: String::new(),
            })
        };
        let denied = || {
            PipelineError::from(SpApiError::Unauthorized {
                operation: Operation::GetReport,
                code: String::new(),
                message: String::new(),
            })
        };
        let revoked = || {
            PipelineError::from(SpApiError::AuthorizationRevoked {
                message: String::new(),
            })
        };
        for (refusals, told) in [
            (vec![denied(), not_found(), denied()], "DocumentNotFound"),
            (vec![not_found(), revoked(), denied()], "AuthorizationRevoked"),
            (vec![revoked(), not_found()], "AuthorizationRevoked"),
            (vec![denied(), denied()], "AccessDenied"),
        ] {
            let told_of = refusals
                .into_iter()
                .fold(None, |one, other| Some(weightier(one, other)));
            assert_eq!(told_of.expect("one").name(), told);
        }
    }
}
