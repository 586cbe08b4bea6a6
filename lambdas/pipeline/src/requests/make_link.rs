use schemars::JsonSchema;
use serde_json::Map;

use super::body::Body;
use super::{InvalidRequest, NamedReport, Parameters};

/// `POST /reports/{reportId}/links`: make a link to a report's document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MakeLink {
    /// Which report.
    pub report: NamedReport,
    /// What the link is to be like.
    pub options: LinkOptions,
}

/// The body of `POST /reports/{reportId}/links`, which may be left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, JsonSchema)]
#[schemars(rename_all = "PascalCase", deny_unknown_fields)]
pub struct LinkOptions {
    /// For how many days; as long as links live here without it.
    #[schemars(range(min = 1))]
    pub days: Option<u32>,
}

impl MakeLink {
    /// Parses `reportId`, `SellerId`, `RegionCode?`, and `{Days?}`, which may be left out as a whole.
    ///
    /// # Errors
    /// Names the first parameter or field that is missing, ill-formed or unknown; also more days than
    /// `most`.
    pub fn parse(parameters: Parameters, body: &[u8], most: u32) -> Result<Self, InvalidRequest> {
        let report = NamedReport::parse(parameters)?;
        let mut body = match body.trim_ascii() {
            [] => Body::of(Map::new()),
            text => Body::parse(text)?,
        };
        let days = body.take("Days").map(|value| {
            let days = value.as_u64().and_then(|days| u32::try_from(days).ok());
            let days = days.filter(|days| (1..=most).contains(days));
            days.ok_or_else(|| {
                InvalidRequest::field("Days", format!("must be a whole number from 1 to {most}"))
            })
        });
        let days = days.transpose()?;
        body.finish()?;
        Ok(Self {
            report,
            options: LinkOptions { days },
        })
    }
}
