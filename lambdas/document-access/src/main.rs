//! *DocumentAccess*: `GET /reports/{reportId}/document` says where a document can be downloaded now;
//! `POST` and `DELETE /reports/{reportId}/links` make a link to it and revoke all of them.

mod handler;

use std::convert::Infallible;

use handler::DocumentAccess;
use jiff::Timestamp;
use lambda_http::http::{Method, StatusCode};
use lambda_http::{Error, Request, service_fn};
use pipeline::adapters::{DocumentStore, Ledger, aws_config};
use pipeline::api::{parameters, respond, respond_with};
use pipeline::linking::LinkMaker;
use pipeline::settings;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    pipeline::logging::init();
    let reports_table = settings::required("REPORTS_TABLE")?;
    let bucket = settings::required("REPORTS_BUCKET")?;
    let aws = aws_config();
    let access = &DocumentAccess {
        ledger: Ledger::new(aws_sdk_dynamodb::Client::new(&aws), reports_table),
        documents: DocumentStore::new(aws_sdk_s3::Client::new(&aws), bucket),
        maker: LinkMaker::from_env(&aws)?,
    };
    lambda_http::run(service_fn(async |request: Request| {
        let parameters = parameters(&request);
        Ok::<_, Infallible>(match *request.method() {
            Method::POST => respond_with(
                |_| StatusCode::CREATED,
                access.link(parameters, request.body(), Timestamp::now()).await,
            ),
            Method::DELETE => respond(access.revoke(parameters).await),
            _ => respond(access.document(parameters).await),
        })
    }))
    .await
}
