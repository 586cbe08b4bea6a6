//! *OnboardingInviter*: `POST /onboardings` makes the address of a page on which a selling partner can authorize the
//! application. It can add invitations, and see none.

mod handler;

use std::convert::Infallible;

use handler::Inviter;
use jiff::Timestamp;
use lambda_http::http::StatusCode;
use lambda_http::{Error, Request, service_fn};
use pipeline::adapters::{Onboardings, aws_config};
use pipeline::api::respond_with;
use pipeline::settings;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    pipeline::logging::init();
    let table = settings::required("ONBOARDINGS_TABLE")?;
    let api_url: String = settings::required("API_URL")?;
    let inviter = &Inviter {
        onboardings: Onboardings::new(aws_sdk_dynamodb::Client::new(&aws_config()), table),
        api_url,
    };
    lambda_http::run(service_fn(async |request: Request| {
        let invited = inviter.invite(request.body(), Timestamp::now()).await;
        Ok::<_, Infallible>(respond_with(|_| StatusCode::CREATED, invited))
    }))
    .await
}
