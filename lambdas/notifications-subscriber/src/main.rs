//! *NotificationsSubscriber*: `POST /notifications` has Amazon send a selling partner's notifications
//! to our queue; `DELETE /notifications` ends that.

mod handler;

use std::convert::Infallible;

use handler::Handler;
use lambda_http::http::Method;
use lambda_http::{Error, Request, service_fn};
use pipeline::adapters::{Amazon, SellingPartners, aws_config};
use pipeline::api::{parameters, respond};
use pipeline::redelivery::Redeliveries;
use pipeline::settings::{self, AmazonSettings};
use pipeline::subscribing::{Patience, Subscriber};
use pipeline::subscriptions::Subscriptions;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    pipeline::logging::init();
    let amazon_settings = AmazonSettings::from_env()?;
    let queue_arn = settings::required("NOTIFICATIONS_QUEUE_ARN")?;
    let reports_table = settings::required("REPORTS_TABLE")?;
    let redelivery_arn = settings::required("REDELIVERY_STATE_MACHINE_ARN")?;
    let aws = aws_config();
    let handler = &Handler(Subscriber {
        redeliveries: Redeliveries::connect(redelivery_arn, reports_table, &aws),
        subscriptions: Subscriptions::new(Amazon::connect(&amazon_settings, &aws), queue_arn),
        partners: SellingPartners::connect(&amazon_settings, &aws),
        patience: Patience::BEHIND_THE_API,
    });
    lambda_http::run(service_fn(async |request: Request| {
        Ok::<_, Infallible>(match *request.method() {
            Method::DELETE => respond(handler.unsubscribe(parameters(&request)).await),
            _ => respond(handler.subscribe(request.body()).await),
        })
    }))
    .await
}
