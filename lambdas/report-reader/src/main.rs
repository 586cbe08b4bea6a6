//! *ReportReader*: `GET /reports` says where reports are, all of a selling partner's or one.

mod handler;

use std::convert::Infallible;

use handler::Reader;
use lambda_http::{Error, Request, RequestExt, service_fn};
use pipeline::adapters::{Ledger, aws_config};
use pipeline::api::{parameters, respond};
use pipeline::settings;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    pipeline::logging::init();
    let table = settings::required("REPORTS_TABLE")?;
    let bucket = settings::required("REPORTS_BUCKET")?;
    let aws = aws_config();
    let reader = &Reader {
        ledger: Ledger::new(aws_sdk_dynamodb::Client::new(&aws), table),
        bucket,
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
