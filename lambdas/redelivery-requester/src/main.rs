//! *RedeliveryRequester*: `POST /deliveries` has deliveries begin again that stopped; `GET
//! /deliveries/{jobId}` says how far that is.

mod handler;

use std::convert::Infallible;

use handler::Requester;
use lambda_http::http::{Method, StatusCode};
use lambda_http::{Error, Request, service_fn};
use pipeline::adapters::aws_config;
use pipeline::api::{parameters, respond, respond_with};
use pipeline::redelivery::Redeliveries;
use pipeline::settings;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    lambda_http::tracing::init_default_subscriber();
    let reports_table = settings::required("REPORTS_TABLE")?;
    let redelivery_arn = settings::required("REDELIVERY_STATE_MACHINE_ARN")?;
    let aws = aws_config();
    let requester = &Requester {
        redeliveries: Redeliveries::connect(redelivery_arn, reports_table, &aws),
    };
    lambda_http::run(service_fn(async |request: Request| {
        Ok::<_, Infallible>(match *request.method() {
            Method::GET => respond(requester.job(parameters(&request)).await),
            _ => respond_with(|_| StatusCode::ACCEPTED, requester.begin(request.body()).await),
        })
    }))
    .await
}
