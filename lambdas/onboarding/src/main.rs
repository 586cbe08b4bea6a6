//! *Onboarding*: the pages on which a selling partner authorizes the application in a browser, from the invitation,
//! or the Appstore, to Amazon's consent page and back. Everybody may call it. What it does for somebody it does for
//! who has an invitation or comes from Amazon, and finishes only in the browser that began.

mod answer;
mod application;
mod beginning;
mod cookie;
mod finishing;
mod query;
mod words;

use std::convert::Infallible;
use std::time::Duration;

use answer::{Answers, Outcome};
use application::Application;
use beginning::Beginning;
use cookie::Cookie;
use finishing::Finishing;
use jiff::Timestamp;
use lambda_http::{Error, Request, RequestExt, service_fn};
use pipeline::PipelineError;
use pipeline::adapters::{Amazon, Onboardings, SellingPartners, aws_config};
use pipeline::pages::language_of;
use pipeline::redelivery::Redeliveries;
use pipeline::sellers_mail::SellersMail;
use pipeline::settings::{self, AmazonSettings};
use pipeline::subscribing::{Patience, Subscriber};
use pipeline::subscriptions::Subscriptions;
use query::Query;

/// For the exchange of the code, and then for the subscription: together less than API Gateway waits.
const EXCHANGE: Patience = Patience {
    whole: Duration::from_secs(8),
    first_pause: Duration::from_millis(500),
};
const SUBSCRIPTION: Patience = Patience {
    whole: Duration::from_secs(12),
    first_pause: Duration::from_millis(500),
};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    pipeline::logging::init();
    let amazon_settings = AmazonSettings::from_env()?;
    let table = settings::required("ONBOARDINGS_TABLE")?;
    let queue_arn = settings::required("NOTIFICATIONS_QUEUE_ARN")?;
    let reports_table: String = settings::required("REPORTS_TABLE")?;
    let redelivery_arn: String = settings::required("REDELIVERY_STATE_MACHINE_ARN")?;
    let application = Application::from_env()?;
    let answers = &Answers::from_env()?;
    let aws = aws_config();
    let onboardings = Onboardings::new(aws_sdk_dynamodb::Client::new(&aws), table);
    let partners = SellingPartners::connect(&amazon_settings, &aws);
    let redeliveries = || Redeliveries::connect(redelivery_arn.clone(), reports_table.clone(), &aws);
    let beginning = &Beginning {
        onboardings: onboardings.clone(),
        application,
    };
    let finishing = &Finishing {
        onboardings,
        amazon: Amazon::connect(&amazon_settings, &aws),
        mail: SellersMail::from_env(&aws)?,
        redeliveries: redeliveries(),
        subscriber: Subscriber {
            subscriptions: Subscriptions::new(Amazon::connect(&amazon_settings, &aws), queue_arn),
            partners: partners.clone(),
            patience: SUBSCRIPTION,
            redeliveries: redeliveries(),
        },
        partners,
        patience: EXCHANGE,
    };
    lambda_http::run(service_fn(async |request: Request| {
        let outcome = outcome(beginning, finishing, &request)
            .await
            .unwrap_or_else(|error| {
                tracing::error!("an onboarding could not go on: {error}");
                Outcome::NotNow
            });
        Ok::<_, Infallible>(answers.to(&outcome, language_of(&request)))
    }))
    .await
}

/// What becomes of a request, by the path that API Gateway has found for it.
async fn outcome(
    beginning: &Beginning,
    finishing: &Finishing,
    request: &Request,
) -> Result<Outcome, PipelineError> {
    let now = Timestamp::now();
    let query = Query::of(&request.query_string_parameters());
    let parameters = request.path_parameters();
    let path = request.uri().path().trim_end_matches('/');
    match parameters.first("invitation") {
        Some(invitation) if path.ends_with("/consent") => beginning.consent(invitation, now).await,
        Some(invitation) => beginning.invitation(invitation, now).await,
        None if path.ends_with("/login") => beginning.login(&query, now).await,
        None => finishing.finish(&query, Cookie::of(request.headers()), now).await,
    }
}
