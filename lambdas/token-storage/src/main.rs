//! *TokenStorage*: `POST /tokens` keeps a selling partner's refresh token, encrypted by KMS;
//! `DELETE /tokens/{SellerId}` forgets the selling partner.

mod handler;

use std::convert::Infallible;

use lambda_http::http::Method;
use lambda_http::{Error, Request, service_fn};
use pipeline::adapters::{SellingPartners, aws_config};
use pipeline::api::{parameters, respond};
use pipeline::settings;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    lambda_http::tracing::init_default_subscriber();
    let table = settings::required("SELLING_PARTNERS_TABLE")?;
    let key_arn = settings::required("TOKEN_KEY_ARN")?;
    let aws = aws_config();
    let (dynamodb, kms) = (
        aws_sdk_dynamodb::Client::new(&aws),
        aws_sdk_kms::Client::new(&aws),
    );
    let partners = &SellingPartners::new(dynamodb, kms, table, key_arn);
    lambda_http::run(service_fn(async |request: Request| {
        Ok::<_, Infallible>(match *request.method() {
            Method::DELETE => respond(handler::forget(partners, parameters(&request)).await),
            _ => respond(handler::store_token(partners, request.body()).await),
        })
    }))
    .await
}
