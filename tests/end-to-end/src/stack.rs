use anyhow::{Context, Result};
use aws_config::{BehaviorVersion, SdkConfig};

use crate::{AwsJson, Caller, Executions, Mailbox, ReportsApi, Simulator};

/// A deployment, as `stack.env` describes it.
#[derive(Clone, Debug)]
pub struct Stack {
    aws: SdkConfig,
    /// For links: TLS roots as the environment has them.
    http: reqwest::Client,
    /// The same, but going nowhere by itself.
    http_in_place: reqwest::Client,
}

/// The value of one of `stack.env`'s variables.
///
/// # Errors
/// It is not set.
pub(crate) fn variable(name: &str) -> Result<String> {
    std::env::var(name).with_context(|| format!("{name} is not set; is target/local/stack.env sourced?"))
}

impl Stack {
    /// Whether the environment describes a deployment.
    #[must_use]
    pub fn is_up() -> bool {
        std::env::var_os("REPORTS_API_URL").is_some()
    }

    /// The deployment that the environment describes.
    ///
    /// # Errors
    /// TLS roots can't be read.
    pub async fn from_env() -> Result<Self> {
        let aws = aws_config::load_defaults(BehaviorVersion::latest()).await;
        Ok(Self {
            aws,
            http: reqwest::Client::builder().build()?,
            http_in_place: reqwest::Client::builder()
                .redirect(reqwest::redirect::Policy::none())
                .build()?,
        })
    }

    /// A stack output, by its variable in `stack.env`.
    ///
    /// # Errors
    /// It is not set.
    pub fn output(&self, name: &str) -> Result<String> {
        variable(name)
    }

    /// The endpoints.
    ///
    /// # Errors
    /// The environment is incomplete.
    pub fn reports_api(&self) -> Result<ReportsApi> {
        ReportsApi::new(self.http.clone(), &self.aws)
    }

    /// The keys of the invoke user, with the role assumed.
    ///
    /// # Errors
    /// STS refuses.
    pub async fn invoke_role(&self) -> Result<Caller> {
        Caller::with_role(&self.aws).await
    }

    /// The queue that gets what a person would get as e-mail.
    ///
    /// # Errors
    /// The environment is incomplete.
    pub fn mailbox(&self) -> Result<Mailbox> {
        Ok(Mailbox::new(
            aws_sdk_sqs::Client::new(&self.aws),
            variable("MAILBOX_QUEUE_URL")?,
        ))
    }

    /// Whether texts are stored in UTF-8, and not as Amazon sent them.
    #[must_use]
    pub fn stores_utf8(&self) -> bool {
        variable("DOCUMENT_FORMAT").is_ok_and(|format| format == "utf8")
    }

    /// Whether reports are delivered that were not ordered here, of sellers who say nothing else.
    #[must_use]
    pub fn delivers_all(&self) -> bool {
        !variable("DELIVER").is_ok_and(|deliver| deliver == "ordered")
    }

    /// Whether links in e-mails are addresses of our own, and not presigned URLs.
    #[must_use]
    pub fn has_own_links(&self) -> bool {
        !variable("LINKS").is_ok_and(|links| links == "presigned")
    }

    /// Whether SES sends e-mails, and not SNS.
    #[must_use]
    pub fn mails_by_ses(&self) -> bool {
        variable("MAIL").is_ok_and(|mail| mail == "ses")
    }

    /// Whether sellers can authorize the application in a browser.
    #[must_use]
    pub fn onboards(&self) -> bool {
        variable("ONBOARDINGS_TABLE").is_ok()
    }

    /// Whether deliveries begin in the express lane. Most of them have no execution then that could be
    /// asked about.
    #[must_use]
    pub fn has_express_lane(&self) -> bool {
        variable("EXPRESS_LANE_ARN").is_ok()
    }

    /// The executions of the workflow that delivers reports.
    ///
    /// # Errors
    /// The environment is incomplete.
    pub fn executions(&self) -> Result<Executions> {
        Ok(Executions::new(
            aws_sdk_sfn::Client::new(&self.aws),
            variable("STATE_MACHINE_ARN")?,
        ))
    }

    /// The executions of the express lane. On AWS nobody could ask about them.
    ///
    /// # Errors
    /// There is none.
    pub fn express_executions(&self) -> Result<Executions> {
        Ok(Executions::new(
            aws_sdk_sfn::Client::new(&self.aws),
            variable("EXPRESS_LANE_ARN")?,
        ))
    }

    /// The executions of the workflow that carries out orders.
    ///
    /// # Errors
    /// The environment is incomplete.
    pub fn order_executions(&self) -> Result<Executions> {
        Ok(Executions::new(
            aws_sdk_sfn::Client::new(&self.aws),
            variable("ORDER_STATE_MACHINE_ARN")?,
        ))
    }

    /// Amazon's side.
    ///
    /// # Errors
    /// The environment is incomplete.
    pub fn simulator(&self) -> Result<Simulator> {
        Ok(Simulator::new(
            self.http.clone(),
            variable("SP_API_SIMULATOR_URL")?,
        ))
    }

    /// CloudWatch, its logs and KMS, as the administrator.
    ///
    /// # Errors
    /// The environment is incomplete.
    pub fn aws_json(&self) -> Result<AwsJson> {
        AwsJson::new(self.http.clone())
    }

    /// DynamoDB, as the administrator.
    #[must_use]
    pub fn dynamodb(&self) -> aws_sdk_dynamodb::Client {
        aws_sdk_dynamodb::Client::new(&self.aws)
    }

    /// Step Functions, as the administrator.
    #[must_use]
    pub fn step_functions(&self) -> aws_sdk_sfn::Client {
        aws_sdk_sfn::Client::new(&self.aws)
    }

    /// SQS, as the administrator.
    #[must_use]
    pub fn sqs(&self) -> aws_sdk_sqs::Client {
        aws_sdk_sqs::Client::new(&self.aws)
    }

    /// S3, as the administrator.
    #[must_use]
    pub fn s3(&self) -> aws_sdk_s3::Client {
        // The bucket in the host name would need a name server for localhost.
        let config = aws_sdk_s3::config::Builder::from(&self.aws)
            .force_path_style(true)
            .build();
        aws_sdk_s3::Client::from_conf(config)
    }

    /// Secrets Manager, as the administrator.
    #[must_use]
    pub fn secrets(&self) -> aws_sdk_secretsmanager::Client {
        aws_sdk_secretsmanager::Client::new(&self.aws)
    }

    /// What a link answers to that method, for a reader of that `Accept-Language`, followed nowhere.
    ///
    /// # Errors
    /// The connection fails.
    pub async fn ask(
        &self,
        method: reqwest::Method,
        link: &str,
        language: &str,
    ) -> Result<reqwest::Response> {
        let request = self.http_in_place.request(method, link);
        Ok(request.header("accept-language", language).send().await?)
    }

    /// Opens a page as a browser with that cookie, if it has one, would; but goes nowhere by itself.
    ///
    /// # Errors
    /// The connection fails. A refusal is no error.
    pub async fn visit(&self, url: &str, cookie: Option<&str>) -> Result<reqwest::Response> {
        let mut request = self.http_in_place.get(url);
        if let Some(cookie) = cookie {
            request = request.header("cookie", cookie);
        }
        Ok(request.send().await?)
    }

    /// What the buttons of Amazon's consent page answer, followed nowhere.
    ///
    /// # Errors
    /// The connection fails.
    pub async fn decide(&self, page: &str, seller: &str, decision: &str) -> Result<reqwest::Response> {
        let form = [("selling_partner_id", seller), ("decision", decision)];
        Ok(self.http_in_place.post(page).form(&form).send().await?)
    }

    /// Opens a link, as a browser would.
    ///
    /// # Errors
    /// The connection fails. A refusal is no error.
    pub async fn open(&self, link: &str) -> Result<reqwest::Response> {
        Ok(self.http.get(link).send().await?)
    }
}
