//! *RedeliveryRequester*: `POST /deliveries` has deliveries begin again that stopped; `GET
//! /deliveries/{jobId}` says how far that is. `POST /reports/{reportId}/delivery` has a single report
//! delivered, also one that was skipped, and makes a new link to one that was delivered.

mod handler;
mod single;

use std::convert::Infallible;
use std::time::Duration;

use handler::Requester;
use lambda_http::http::{Method, StatusCode};
use lambda_http::{Error, Request, RequestExt, service_fn};
use pipeline::adapters::aws_config;
use pipeline::answers::Delivery;
use pipeline::api::{parameters, respond, respond_with};
use pipeline::delivering::Deliverer;
use pipeline::linking::LinkMaker;
use pipeline::redelivery::Redeliveries;
use pipeline::settings;
use single::deliver;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    pipeline::logging::init();
    let reports_table: String = settings::required("REPORTS_TABLE")?;
    let redelivery_arn = settings::required("REDELIVERY_STATE_MACHINE_ARN")?;
    let delivery_arn = settings::required("STATE_MACHINE_ARN")?;
    let overdue = Duration::from_secs(settings::required("OVERDUE_SECONDS")?);
    let aws = aws_config();
    let deliverer = &Deliverer::connect(delivery_arn, reports_table.clone(), overdue, &aws);
    let maker = &LinkMaker::from_env(&aws)?;
    let requester = &Requester {
        redeliveries: Redeliveries::connect(redelivery_arn, reports_table, &aws),
    };
    lambda_http::run(service_fn(async |request: Request| {
        Ok::<_, Infallible>(match *request.method() {
            Method::GET => respond(requester.job(parameters(&request)).await),
            _ if request.path_parameters().first("reportId").is_some() => respond_with(
                Delivery::http_status,
                deliver(deliverer, maker, parameters(&request)).await,
            ),
            _ => respond_with(|_| StatusCode::ACCEPTED, requester.begin(request.body()).await),
        })
    }))
    .await
}
