use pipeline::adapters::{Among, Ledger, LedgerRow, Named, PageToken};
use pipeline::answers::ReportList;
use pipeline::api::ApiError;
use pipeline::domain::Account;
use pipeline::domain::newest::{Position, newest};
use pipeline::requests::{
    After, InvalidRequest, ListAll, ListFinished, ListReports, NamedReport, Parameters,
};
use serde_json::Value;

/// How often a page is filled up from what follows, if some of what was read is not wanted.
const MOST_ROUNDS: usize = 10;

/// What the answers need.
pub struct Reader {
    pub ledger: Ledger,
    /// The bucket that documents are in.
    pub bucket: String,
}

impl Reader {
    /// `GET /reports`.
    pub async fn list(&self, parameters: Result<Parameters, InvalidRequest>) -> Result<ReportList, ApiError> {
        match ListReports::parse(parameters?)? {
            ListReports::All(request) => self.list_all(&request).await,
            ListReports::Finished(request) => self.list_finished(&request).await,
        }
    }

    async fn list_all(&self, request: &ListAll) -> Result<ReportList, ApiError> {
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
                return Ok(ReportList {
                    reports,
                    next_token: next(None),
                });
            };
            let page = self
                .ledger
                .list(&account, request.status, left, from.take().as_ref())
                .await?;
            let rows = page.rows.iter().filter(|row| row.may_be_in(request.region));
            reports.extend(rows.map(|row| self.shown(row)));
            if let Some(PageToken(last)) = page.next {
                return Ok(ReportList {
                    reports,
                    next_token: next(Some(last)),
                });
            }
        }
        Ok(ReportList {
            reports,
            next_token: None,
        })
    }

    /// The newest first. What is chosen by its row is read before it is known whether it is wanted, so a
    /// page may have less than there is; then it has a token.
    async fn list_finished(&self, request: &ListFinished) -> Result<ReportList, ApiError> {
        let among = Among {
            report_type: request.report_type.clone(),
            since: request.since,
            until: request.until,
        };
        let accounts = request.accounts();
        let mut positions = request.positions.clone();
        let mut reports = Vec::new();
        for _ in 0..MOST_ROUNDS {
            let left = usize::from(request.limit) - reports.len();
            if left == 0 || positions.iter().all(|it| *it == Position::End) {
                break;
            }
            let mut stretches = Vec::new();
            for (account, position) in accounts.iter().zip(&positions) {
                let stretch = self
                    .ledger
                    .finished(account, &among, position, request.limit)
                    .await?;
                stretches.push(stretch);
            }
            let chosen = newest(&mut positions, stretches, left).into_iter();
            let chosen: Vec<_> = chosen
                .map(|(account, key)| (accounts[account].clone(), key.id))
                .collect();
            let rows = self.ledger.rows(&chosen).await?;
            let wanted = rows.iter().filter(|row| {
                row.may_be_in(request.region) && request.status.is_none_or(|status| row.status() == status)
            });
            reports.extend(wanted.map(|row| self.shown(row)));
        }
        let is_end = positions.iter().all(|it| *it == Position::End);
        Ok(ReportList {
            reports,
            next_token: (!is_end).then(|| request.next_token(&positions)),
        })
    }

    /// `GET /reports/{reportId}`. An order that has been placed is shown as the report that it became.
    pub async fn one(&self, parameters: Result<Parameters, InvalidRequest>) -> Result<Value, ApiError> {
        let NamedReport {
            seller_id,
            region,
            name,
        } = NamedReport::parse(parameters?)?;
        match self.ledger.find_report(&seller_id, region, name.as_str()).await? {
            Some(Named::Report { row, .. } | Named::Order(row) | Named::Placed(row)) => Ok(self.shown(&row)),
            None => Err(ApiError::unknown_report(&seller_id, name.as_str())),
        }
    }

    /// A row as callers see it. One with a document says where that is.
    fn shown(&self, row: &LedgerRow) -> Value {
        let mut shown = row.to_json();
        if row.text("objectKey").is_some() {
            shown["bucket"] = self.bucket.as_str().into();
        }
        shown
    }
}

#[cfg(test)]
mod tests {
    use aws_sdk_dynamodb::operation::batch_get_item::BatchGetItemOutput;
    use aws_sdk_dynamodb::operation::get_item::GetItemOutput;
    use aws_sdk_dynamodb::operation::query::QueryOutput;
    use aws_sdk_dynamodb::types::AttributeValue;
    use aws_smithy_mocks::{Rule, RuleMode, mock, mock_client};
    use pipeline::api::respond;
    use serde::Serialize;
    use serde_json::json;
    use test_doubles::no_further_account;

    use super::*;

    const ORDER: &str = "order-0123456789abcdef0123456789abcdef";

    fn reader(rules: &[&Rule]) -> Reader {
        let nowhere = mock!(aws_sdk_dynamodb::Client::query)
            .match_requests(|request| {
                let values = request.expression_attribute_values().expect("values");
                values[":seller"].as_s().is_ok_and(|it| it.contains('_'))
            })
            .then_output(|| QueryOutput::builder().build());
        let no_row = no_further_account();
        let rules = [&[&nowhere, &no_row], rules].concat();
        let dynamodb = mock_client!(aws_sdk_dynamodb, RuleMode::MatchAny, &rules);
        Reader {
            ledger: Ledger::new(dynamodb, "reports".into()),
            bucket: "bucket".into(),
        }
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

    async fn read(reader: &Reader, id: &str) -> (u16, Value) {
        let parameters = Parameters::new([("reportId", id), ("SellerId", "A3")]);
        answer(reader.one(parameters).await)
    }

    #[tokio::test]
    async fn a_placed_order_is_shown_as_its_report() {
        let order = row(
            ORDER,
            &[("reportId", ORDER), ("status", "PLACED"), ("placedAs", "7")],
        );
        let report = row(
            "7",
            &[
                ("reportId", "7"),
                ("requestId", ORDER),
                ("status", "STORED"),
                ("objectKey", "k"),
            ],
        );
        let reader = reader(&[&order, &report]);
        let expected = json!({
            "reportId": "7", "requestId": ORDER, "status": "STORED", "objectKey": "k", "bucket": "bucket",
        });
        assert_eq!(read(&reader, ORDER).await, (200, expected.clone()));
        assert_eq!(read(&reader, "7").await, (200, expected));
    }

    #[tokio::test]
    async fn an_order_is_shown_itself_where_its_report_has_no_row() {
        let order = row(
            ORDER,
            &[("reportId", ORDER), ("status", "PLACED"), ("placedAs", "7")],
        );
        let (status, shown) = read(&reader(&[&order, &row("7", &[])]), ORDER).await;
        assert_eq!((status, &shown["status"]), (200, &json!("PLACED")));
    }

    #[tokio::test]
    async fn what_has_no_row_is_not_found() {
        let (status, refusal) = read(&reader(&[&row("7", &[])]), "7").await;
        assert_eq!((status, &refusal["code"]), (404, &json!("ReportNotFound")));
        let (status, refusal) = read(&reader(&[]), "order-7").await;
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
        let reader = reader(&[&first, &second]);
        let read = async |more: &[(&str, &str)]| {
            let pairs = [&[("SellerId", "A3"), ("limit", "2")], more].concat();
            answer(reader.list(Parameters::new(pairs)).await)
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

    #[tokio::test]
    async fn reports_of_a_type_come_with_the_newest_first() {
        let entry = |id: &'static str| {
            let time = format!("2026-11-{id:0>2}T05:00:00.000Z");
            [
                ("reportId".to_owned(), text(id)),
                ("notifiedAt".to_owned(), text(&time)),
            ]
        };
        let index = mock!(aws_sdk_dynamodb::Client::query)
            .match_requests(|request| request.index_name() == Some("byNotifiedTime"))
            .then_output(move || {
                let entries = ["9", "8", "7"].map(|id| entry(id).into());
                QueryOutput::builder().set_items(Some(entries.into())).build()
            });
        let rows = mock!(aws_sdk_dynamodb::Client::batch_get_item).then_output(|| {
            let row = |id: &str, status: &str| {
                [
                    ("sellerId".to_owned(), text("A3")),
                    ("reportId".to_owned(), text(id)),
                    ("status".to_owned(), text(status)),
                ]
                .into()
            };
            let rows = vec![row("7", "ANNOUNCED"), row("9", "ANNOUNCED"), row("8", "FAILED")];
            BatchGetItemOutput::builder().responses("reports", rows).build()
        });
        let reader = reader(&[&index, &rows]);
        let read = async |more: &[(&str, &str)]| {
            let pairs = [&[("SellerId", "A3"), ("ReportType", "GET_X")], more].concat();
            let (status, page) = answer(reader.list(Parameters::new(pairs)).await);
            let rows = page["reports"].as_array().cloned().unwrap_or_default();
            let ids: Vec<_> = rows.iter().map(|row| row["reportId"].clone()).collect();
            (status, ids, page["nextToken"].is_null())
        };
        assert_eq!(
            read(&[]).await,
            (200, vec![json!("9"), json!("8"), json!("7")], true)
        );
        let announced = vec![json!("9"), json!("7")];
        assert_eq!(read(&[("status", "ANNOUNCED")]).await, (200, announced, true));
    }
}
