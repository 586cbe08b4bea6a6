//! *SellerReader*: `GET /sellers` shows sellers at a glance, all of them or one.

mod handler;
mod trouble;

use std::convert::Infallible;

use handler::Reader;
use lambda_http::{Error, Request, RequestExt, service_fn};
use pipeline::adapters::{Ledger, SellersOverview, aws_config};
use pipeline::api::{parameters, respond};
use pipeline::settings;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    pipeline::logging::init();
    let sellers_table = settings::required("SELLING_PARTNERS_TABLE")?;
    let reports_table = settings::required("REPORTS_TABLE")?;
    let term = settings::required("REAUTHORIZATION_DAYS")?;
    let dynamodb = aws_sdk_dynamodb::Client::new(&aws_config());
    let reader = &Reader {
        sellers: SellersOverview::new(dynamodb.clone(), sellers_table),
        ledger: Ledger::new(dynamodb, reports_table),
        term,
    };
    lambda_http::run(service_fn(async |request: Request| {
        let parameters = parameters(&request);
        Ok::<_, Infallible>(if request.path_parameters().is_empty() {
            respond(reader.list(parameters).await)
        } else {
            respond(reader.one(parameters).await)
        })
    }))
    .await
}
