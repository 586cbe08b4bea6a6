//! Environment variables, typed and checked when a function starts: a wrong one fails the
//! deployment's first call, not the hundredth report.

use std::fmt::Display;
use std::str::FromStr;
use std::time::Duration;

use sp_api::Endpoints;

use crate::domain::EmailAddress;

/// What a function needs to speak to Amazon.
#[derive(Clone, Debug)]
pub struct AmazonSettings {
    /// `SP_API_ENVIRONMENT`: `production`, `sandbox` or a simulator's URL.
    pub endpoints: Endpoints,
    /// `LWA_SECRET_NAME`: the secret with the application's credentials.
    pub lwa_secret_name: String,
    /// `SELLING_PARTNERS_TABLE`: the table with the refresh tokens.
    pub selling_partners_table: String,
    /// `TOKEN_KEY_ARN`: the KMS key they are encrypted under.
    pub token_key_arn: String,
}

impl AmazonSettings {
    /// Reads them from the environment.
    ///
    /// # Errors
    /// Names the variable that is missing or invalid.
    pub fn from_env() -> Result<Self, InvalidSetting> {
        Ok(Self {
            endpoints: required("SP_API_ENVIRONMENT")?,
            lwa_secret_name: required("LWA_SECRET_NAME")?,
            selling_partners_table: required("SELLING_PARTNERS_TABLE")?,
            token_key_arn: required("TOKEN_KEY_ARN")?,
        })
    }
}

/// How e-mails are sent.
#[derive(Clone, Debug)]
pub struct MailSettings {
    /// `TOPIC_ARN`: the topic that messages are published to.
    pub topic_arn: String,
    /// `CONTACT_TEXT`: whom sellers may ask, if that is said.
    pub contact: Option<String>,
    /// How SES sends them, if it does.
    pub ses: Option<SesSettings>,
}

impl MailSettings {
    /// Reads them from the environment.
    ///
    /// # Errors
    /// Names the variable that is missing or invalid.
    pub fn from_env() -> Result<Self, InvalidSetting> {
        let contact = std::env::var("CONTACT_TEXT").ok();
        Ok(Self {
            topic_arn: required("TOPIC_ARN")?,
            // Empty, it says nothing.
            contact: contact.filter(|text| !text.trim().is_empty()),
            ses: SesSettings::from_env()?,
        })
    }
}

/// Who sends e-mails: `sns` or `ses`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MailService {
    /// SNS, to whoever has confirmed a subscription.
    Sns,
    /// SES, from an address of one's own.
    Ses,
}

impl FromStr for MailService {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, &'static str> {
        match text {
            "sns" => Ok(Self::Sns),
            "ses" => Ok(Self::Ses),
            _ => Err("neither sns nor ses"),
        }
    }
}

/// How SES sends e-mails.
#[derive(Clone, Debug)]
pub struct SesSettings {
    /// `MAIL_FROM`: the sender's address, which SES has verified, or whose domain it has.
    pub from: EmailAddress,
    /// `MAIL_CONFIGURATION_SET`: SES's name for what is done with bounces and complaints.
    pub configuration_set: String,
    /// `NOTIFICATION_EMAIL`: the owner's address, if there is one.
    pub owner: Option<EmailAddress>,
    /// `SELLING_PARTNERS_TABLE`: the table with sellers' addresses.
    pub selling_partners_table: String,
}

impl SesSettings {
    /// Reads them from the environment, where `MAIL` says that it is SES.
    ///
    /// # Errors
    /// Names the variable that is missing or invalid.
    pub fn from_env() -> Result<Option<Self>, InvalidSetting> {
        if required::<MailService>("MAIL")? == MailService::Sns {
            return Ok(None);
        }
        // Empty, there is none.
        let owner = std::env::var("NOTIFICATION_EMAIL").ok();
        let owner = owner.filter(|address| !address.is_empty());
        Ok(Some(Self {
            from: required("MAIL_FROM")?,
            configuration_set: required("MAIL_CONFIGURATION_SET")?,
            owner: owner
                .map(|owner| parse("NOTIFICATION_EMAIL", Some(owner)))
                .transpose()?,
            selling_partners_table: required("SELLING_PARTNERS_TABLE")?,
        }))
    }
}

/// How news are told.
#[derive(Clone, Debug)]
pub struct NewsSettings {
    /// How people are told.
    pub mail: MailSettings,
    /// `EVENTS`: whether there are events, too.
    pub events: Switch,
    /// `MAIL_STATE_MACHINE_ARN`: the workflow that sends what is gathered.
    pub mail_workflow_arn: String,
    /// `GATHER_MAIL_SECONDS`: how often it does so for one recipient.
    pub gather_mail: Duration,
}

impl NewsSettings {
    /// Reads them from the environment.
    ///
    /// # Errors
    /// Names the variable that is missing or invalid.
    pub fn from_env() -> Result<Self, InvalidSetting> {
        Ok(Self {
            mail: MailSettings::from_env()?,
            events: required("EVENTS")?,
            mail_workflow_arn: required("MAIL_STATE_MACHINE_ARN")?,
            gather_mail: Duration::from_secs(required("GATHER_MAIL_SECONDS")?),
        })
    }
}

/// A time in hours, or in parts of one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hours(pub Duration);

impl FromStr for Hours {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let hours: f64 = text.parse().map_err(|_| "no number".to_owned())?;
        Duration::try_from_secs_f64(hours * 3600.0)
            .map(Self)
            .map_err(|error| error.to_string())
    }
}

/// Whether something is wanted: `on` or `off`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Switch(pub bool);

impl FromStr for Switch {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, &'static str> {
        match text {
            "on" => Ok(Self(true)),
            "off" => Ok(Self(false)),
            _ => Err("neither on nor off"),
        }
    }
}

/// Why the function can't start.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("the environment variable {name} {problem}")]
pub struct InvalidSetting {
    name: &'static str,
    problem: String,
}

/// The environment variable `name`, parsed.
///
/// # Errors
/// It is missing, empty, or not a `T`.
pub fn required<T>(name: &'static str) -> Result<T, InvalidSetting>
where
    T: FromStr,
    T::Err: Display,
{
    parse(name, std::env::var(name).ok())
}

/// The environment variable `name`, parsed, if it is set.
///
/// # Errors
/// It is empty, or not a `T`.
pub fn optional<T>(name: &'static str) -> Result<Option<T>, InvalidSetting>
where
    T: FromStr,
    T::Err: Display,
{
    let value = std::env::var(name).ok();
    value.map(|value| parse(name, Some(value))).transpose()
}

fn parse<T>(name: &'static str, value: Option<String>) -> Result<T, InvalidSetting>
where
    T: FromStr,
    T::Err: Display,
{
    let value = value
        .filter(|value| !value.is_empty())
        .ok_or_else(|| InvalidSetting {
            name,
            problem: "is not set".to_owned(),
        })?;
    value.parse().map_err(|error: T::Err| InvalidSetting {
        name,
        problem: format!("is invalid: {error}"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_setting_is_there_and_fits() {
        assert_eq!(
            parse::<u32>("LINK_LIFETIME_SECONDS", Some("3600".into())),
            Ok(3600)
        );
        assert!(parse::<Endpoints>("SP_API_ENVIRONMENT", Some("sandbox".into())).is_ok());
        let hours = |text: &str| parse::<Hours>("SLOW_AFTER_HOURS", Some(text.into()));
        assert_eq!(hours("0.5"), Ok(Hours(Duration::from_secs(1800))));
        assert_eq!(parse("EVENTS", Some("on".into())), Ok(Switch(true)));
        assert_eq!(parse("EVENTS", Some("off".into())), Ok(Switch(false)));
        assert!(parse::<Switch>("EVENTS", Some("yes".into())).is_err());
        assert_eq!(parse("MAIL", Some("ses".into())), Ok(MailService::Ses));
        assert!(parse::<MailService>("MAIL", Some("smtp".into())).is_err());
        assert!(parse::<EmailAddress>("MAIL_FROM", Some("reports".into())).is_err());
        for wrong in ["a day", "-1", "NaN", "inf"] {
            assert!(hours(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn what_is_missing_or_wrong_is_named() {
        let text = |result: Result<u32, InvalidSetting>| result.expect_err("invalid").to_string();
        assert_eq!(text(parse("X", None)), "the environment variable X is not set");
        assert_eq!(
            text(parse("X", Some(String::new()))),
            "the environment variable X is not set"
        );
        assert!(text(parse("X", Some("ten".into()))).starts_with("the environment variable X is invalid"));
    }
}
