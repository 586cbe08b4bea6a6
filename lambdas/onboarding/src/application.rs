use pipeline::adapters::Invitation;
use pipeline::domain::{AppstoreCallback, ConsentPages};
use pipeline::settings::{self, InvalidSetting, Switch};

/// The application, as it is registered at Amazon.
pub struct Application {
    /// `amzn1.sp.solution.…`
    pub id: String,
    /// Where Amazon asks sellers.
    pub pages: ConsentPages,
    /// Whether Amazon knows it as a draft.
    pub is_draft: bool,
    /// Whether sellers may come from the Appstore, uninvited.
    pub is_in_appstore: bool,
    /// Where this API is.
    pub api_url: String,
}

impl Application {
    /// As the environment describes it.
    pub fn from_env() -> Result<Self, InvalidSetting> {
        Ok(Self {
            id: settings::required("ONBOARDING_APPLICATION_ID")?,
            // Empty, it is Amazon's own.
            pages: ConsentPages::at(&std::env::var("CONSENT_HOST").unwrap_or_default()),
            is_draft: settings::required::<Switch>("ONBOARDING_DRAFT")?.0,
            is_in_appstore: settings::required::<Switch>("APPSTORE_LOGIN")?.0,
            api_url: settings::required("API_URL")?,
        })
    }

    /// Where Amazon asks who is invited.
    pub fn consent_url(&self, invitation: &Invitation, state: &str) -> String {
        let page = self
            .pages
            .consent(invitation.account_type, invitation.region, invitation.country);
        self.with_query(&page, &[("application_id", &self.id), ("state", state)])
    }

    /// Where the Appstore goes on with who came from there.
    pub fn confirm_url(&self, callback: &AppstoreCallback, amazon_state: &str, state: &str) -> String {
        self.with_query(&callback.url, &[("amazon_state", amazon_state), ("state", state)])
    }

    fn with_query(&self, page: &str, parameters: &[(&str, &str)]) -> String {
        let mut query = form_urlencoded::Serializer::new(String::new());
        query
            .extend_pairs(parameters)
            .append_pair("redirect_uri", &format!("{}/onboarding/callback", self.api_url));
        if self.is_draft {
            query.append_pair("version", "beta");
        }
        format!("{page}?{}", query.finish())
    }
}
