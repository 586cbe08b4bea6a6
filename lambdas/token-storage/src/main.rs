//! *TokenStorage*: `POST /tokens` keeps a selling partner's refresh token, encrypted by KMS;
//! `DELETE /tokens/{SellerId}` ends the subscription, revokes the links and forgets the selling partner.

mod handler;
mod unsubscribing;

use std::convert::Infallible;

use handler::TokenStorage;
use lambda_http::http::Method;
use lambda_http::{Error, Request, service_fn};
use pipeline::adapters::{Amazon, Links, SellingPartners, aws_config};
use pipeline::api::{parameters, respond};
use pipeline::redelivery::Redeliveries;
use pipeline::sellers_mail::SellersMail;
use pipeline::settings::{self, AmazonSettings};
use pipeline::subscriptions::Subscriptions;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    pipeline::logging::init();
    let amazon_settings = AmazonSettings::from_env()?;
    let queue_arn = settings::required("NOTIFICATIONS_QUEUE_ARN")?;
    let reports_table = settings::required("REPORTS_TABLE")?;
    let links_table = settings::required("LINKS_TABLE")?;
    let redelivery_arn = settings::required("REDELIVERY_STATE_MACHINE_ARN")?;
    let aws = aws_config();
    let storage = &TokenStorage {
        redeliveries: Redeliveries::connect(redelivery_arn, reports_table, &aws),
        links: Links::new(aws_sdk_dynamodb::Client::new(&aws), links_table),
        mail: SellersMail::from_env(&aws)?,
        partners: SellingPartners::connect(&amazon_settings, &aws),
        subscriptions: Subscriptions::new(Amazon::connect(&amazon_settings, &aws), queue_arn),
    };
    lambda_http::run(service_fn(async |request: Request| {
        Ok::<_, Infallible>(match *request.method() {
            Method::DELETE => respond(storage.forget(parameters(&request)).await),
            _ => respond(storage.store_token(request.body()).await),
        })
    }))
    .await
}
