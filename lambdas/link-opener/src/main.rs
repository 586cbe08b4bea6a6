//! *LinkOpener*: `GET /links/{token}` leads who has a link to a URL of its document that is made at the
//! click. Everybody may call it, so it can do little: read one link, count, and sign for one document.

mod answer;
mod opener;
mod words;

use std::convert::Infallible;

use answer::{Answers, Opened};
use jiff::Timestamp;
use lambda_http::http::Method;
use lambda_http::{Error, Request, RequestExt, service_fn};
use opener::Opener;
use pipeline::adapters::{DocumentStore, Links, UrlMethod, aws_config};
use pipeline::pages::language_of;
use pipeline::settings;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    pipeline::logging::init();
    let table = settings::required("LINKS_TABLE")?;
    let bucket = settings::required("REPORTS_BUCKET")?;
    let aws = aws_config();
    let opener = &Opener {
        links: Links::new(aws_sdk_dynamodb::Client::new(&aws), table),
        documents: DocumentStore::new(aws_sdk_s3::Client::new(&aws), bucket),
    };
    let answers = &Answers::default();
    lambda_http::run(service_fn(async |request: Request| {
        let method = match *request.method() {
            Method::HEAD => UrlMethod::Head,
            _ => UrlMethod::Get,
        };
        let parameters = request.path_parameters();
        let opened = opener
            .open(method, parameters.first("token"), Timestamp::now())
            .await;
        let opened = match opened {
            Ok(Some(url)) => Opened::LeadsTo(url),
            Ok(None) => Opened::LeadsNowhere,
            Err(error) => {
                tracing::error!("a link could not be opened: {error}");
                Opened::NotNow
            }
        };
        let language = language_of(&request);
        Ok::<_, Infallible>(answers.to(&opened, method, language))
    }))
    .await
}
