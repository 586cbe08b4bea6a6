use pipeline::adapters::{Ledger, LedgerRow, PageToken};
use pipeline::api::ApiError;
use pipeline::domain::Account;
use pipeline::requests::{After, InvalidRequest, ListReports, NamedReport, Parameters};
use serde::Serialize;
use serde_json::Value;

/// A page of a selling partner's reports and orders.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Listed {
    reports: Vec<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_token: Option<String>,
}

/// `GET /reports`.
pub async fn list(
    ledger: &Ledger,
    parameters: Result<Parameters, InvalidRequest>,
) -> Result<Listed, ApiError> {
    let request = ListReports::parse(parameters?)?;
    let mut accounts = Account::candidates(&request.seller_id, request.region);
    let mut from = None;
    if let Some(after) = &request.after {
        accounts = accounts
            .into_iter()
            .skip_while(|it| *it != after.account)
            .collect();
        from = after.id.clone().map(PageToken);
    }
    let mut reports = Vec::new();
    for account in accounts {
        let left = usize::from(request.limit) - reports.len();
        let next = |id| {
            Some(request.next_token(&After {
                account: account.clone(),
                id,
            }))
        };
        let Some(left) = u8::try_from(left).ok().filter(|left| *left > 0) else {
            return Ok(Listed {
                reports,
                next_token: next(None),
            });
        };
        let page = ledger
            .list(&account, request.status, left, from.take().as_ref())
            .await?;
        reports.extend(
            page.rows
                .iter()
                .filter(|row| row.may_be_in(request.region))
                .map(LedgerRow::to_json),
        );
        if let Some(PageToken(last)) = page.next {
            return Ok(Listed {
                reports,
                next_token: next(Some(last)),
            });
        }
    }
    Ok(Listed {
        reports,
        next_token: None,
    })
}

/// `GET /reports/{reportId}`. An order that has been placed is shown as the report that it became.
pub async fn one(ledger: &Ledger, parameters: Result<Parameters, InvalidRequest>) -> Result<Value, ApiError> {
    let NamedReport {
        seller_id,
        region,
        name,
    } = NamedReport::parse(parameters?)?;
    let Some((account, row)) = ledger.find(&seller_id, region, name.as_str()).await? else {
        return Err(ApiError::unknown_report(&seller_id, name.as_str()));
    };
    let report = match row.text("placedAs") {
        Some(report) => ledger.row(&account, report).await?,
        None => None,
    };
    Ok(report.unwrap_or(row).to_json())
}

#[cfg(test)]
mod tests {
    use aws_sdk_dynamodb::operation::get_item::GetItemOutput;
    use aws_sdk_dynamodb::operation::query::QueryOutput;
    use aws_sdk_dynamodb::types::AttributeValue;
    use aws_smithy_mocks::{Rule, RuleMode, mock, mock_client};
    use pipeline::api::respond;
    use serde_json::json;
    use test_doubles::no_further_account;

    use super::*;

    const ORDER: &str = "order-0123456789abcdef0123456789abcdef";

    fn ledger(rules: &[&Rule]) -> Ledger {
        let nowhere = mock!(aws_sdk_dynamodb::Client::query)
            .match_requests(|request| {
                let values = request.expression_attribute_values().expect("values");
                values[":seller"].as_s().is_ok_and(|it| it.contains('_'))
            })
            .then_output(|| QueryOutput::builder().build());
        let no_row = no_further_account();
        let rules = [&[&nowhere, &no_row], rules].concat();
        Ledger::new(
            mock_client!(aws_sdk_dynamodb, RuleMode::MatchAny, &rules),
            "reports".into(),
        )
    }

    fn text(value: &str) -> AttributeValue {
        AttributeValue::S(value.to_owned())
    }

    fn answer<T: Serialize>(result: Result<T, ApiError>) -> (u16, Value) {
        let response = respond(result);
        let body = serde_json::from_slice(response.body()).expect("JSON");
        (response.status().as_u16(), body)
    }

    /// The row with `id` has these attributes; without any, there is none.
    fn row(id: &'static str, attributes: &'static [(&'static str, &'static str)]) -> Rule {
        mock!(aws_sdk_dynamodb::Client::get_item)
            .match_requests(move |request| request.key().is_some_and(|key| key["reportId"] == text(id)))
            .then_output(move || {
                let item = attributes
                    .iter()
                    .map(|(name, value)| ((*name).to_owned(), text(value)));
                let item = (!attributes.is_empty()).then(|| item.collect());
                GetItemOutput::builder().set_item(item).build()
            })
    }

    async fn read(ledger: &Ledger, id: &str) -> (u16, Value) {
        answer(one(ledger, Parameters::new([("reportId", id), ("SellerId", "A3")])).await)
    }

    #[tokio::test]
    async fn a_placed_order_is_shown_as_its_report() {
        let order = row(
            ORDER,
            &[("reportId", ORDER), ("status", "PLACED"), ("placedAs", "7")],
        );
        let report = row(
            "7",
            &[("reportId", "7"), ("requestId", ORDER), ("status", "STORED")],
        );
        let ledger = ledger(&[&order, &report]);
        let expected = json!({"reportId": "7", "requestId": ORDER, "status": "STORED"});
        assert_eq!(read(&ledger, ORDER).await, (200, expected.clone()));
        assert_eq!(read(&ledger, "7").await, (200, expected));
    }

    #[tokio::test]
    async fn an_order_is_shown_itself_where_its_report_has_no_row() {
        let order = row(
            ORDER,
            &[("reportId", ORDER), ("status", "PLACED"), ("placedAs", "7")],
        );
        let (status, shown) = read(&ledger(&[&order, &row("7", &[])]), ORDER).await;
        assert_eq!((status, &shown["status"]), (200, &json!("PLACED")));
    }

    #[tokio::test]
    async fn what_has_no_row_is_not_found() {
        let (status, refusal) = read(&ledger(&[&row("7", &[])]), "7").await;
        assert_eq!((status, &refusal["code"]), (404, &json!("ReportNotFound")));
        let (status, refusal) = read(&ledger(&[]), "order-7").await;
        assert_eq!((status, &refusal["field"]), (400, &json!("reportId")));
    }

    #[tokio::test]
    async fn a_page_leads_to_the_next_one() {
        let page = |from: Option<&'static str>, ids: &'static [&'static str], last: Option<&'static str>| {
            mock!(aws_sdk_dynamodb::Client::query)
                .match_requests(move |request| {
                    let start = request.exclusive_start_key();
                    request.limit() == Some(2) && start.map(|key| key["reportId"].clone()) == from.map(text)
                })
                .then_output(move || {
                    let row = |id: &&str| [("reportId".to_owned(), text(id))].into();
                    let last = last.map(|id| row(&id));
                    let ids = ids.iter().map(row).collect();
                    QueryOutput::builder()
                        .set_items(Some(ids))
                        .set_last_evaluated_key(last)
                        .build()
                })
        };
        let (first, second) = (page(None, &["1", "2"], Some("2")), page(Some("2"), &["3"], None));
        let ledger = ledger(&[&first, &second]);
        let read = async |more: &[(&str, &str)]| {
            let pairs = [&[("SellerId", "A3"), ("limit", "2")], more].concat();
            answer(list(&ledger, Parameters::new(pairs)).await)
        };
        let (status, page) = read(&[]).await;
        assert_eq!(
            (status, &page["reports"]),
            (200, &json!([{"reportId": "1"}, {"reportId": "2"}]))
        );
        let token = page["nextToken"].as_str().expect("there is more");
        let (status, page) = read(&[("nextToken", token)]).await;
        assert_eq!((status, page), (200, json!({"reports": [{"reportId": "3"}]})));
    }
}
