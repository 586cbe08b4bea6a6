//! How a function reaches AWS: with what Lambda puts into its environment, and over one HTTP client.

use std::env;
use std::sync::{Arc, LazyLock};
use std::thread;
use std::time::Duration;

use aws_config::environment::EnvironmentVariableCredentialsProvider;
use aws_config::identity::IdentityCache;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_smithy_http_client::Connector;
use aws_smithy_http_client::tls::Provider;
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;
use aws_smithy_runtime_api::client::connector_metadata::ConnectorMetadata;
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnectorSettings, SharedHttpClient, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_types::app_name::AppName;
use aws_types::service_config::{LoadServiceConfig, ServiceConfigKey};

/// As long as the SDK itself would wait.
const CONNECT_TIMEOUT: Duration = Duration::from_millis(3100);

/// The SDK's configuration: region, credentials and, on a local stack, endpoints from the environment.
///
/// Lambda has no profiles and no metadata service, so nothing else is asked. All clients that are
/// made from it share their connections.
#[must_use]
pub fn aws_config() -> SdkConfig {
    let log_stream = env::var("AWS_LAMBDA_LOG_STREAM_NAME").ok();
    let mut config = SdkConfig::builder();
    config.set_app_name(log_stream.as_deref().and_then(app_name));
    config
        .behavior_version(BehaviorVersion::latest())
        .region(env::var("AWS_REGION").ok().map(Region::new))
        .credentials_provider(SharedCredentialsProvider::new(
            EnvironmentVariableCredentialsProvider::new(),
        ))
        .identity_cache(IdentityCache::lazy().build())
        .service_config(Environment)
        .http_client(SharedHttpClient::new(OneConnector::prepare()))
        .build()
}

/// What AWS's own records are to call this function's process, after `app/` in the user agent: the last
/// part of its log stream `2026/11/22/[$LATEST]0123456789abcdef0123456789abcdef`. So CloudTrail and S3's
/// access log say which log tells more.
fn app_name(log_stream: &str) -> Option<AppName> {
    let own = log_stream.rsplit(']').next()?;
    AppName::new(own.to_owned()).ok()
}

/// Settings that may differ by service: `AWS_ENDPOINT_URL_S3`, otherwise `AWS_ENDPOINT_URL`.
#[derive(Debug)]
struct Environment;

impl LoadServiceConfig for Environment {
    fn load_config(&self, key: ServiceConfigKey<'_>) -> Option<String> {
        let service = key.service_id().to_uppercase().replace(' ', "_");
        env::var(format!("{}_{service}", key.env()))
            .or_else(|_| env::var(key.env()))
            .ok()
    }
}

/// One pool of connections and one TLS configuration for all clients.
///
/// The SDK's own HTTP client reads and parses the machine's TLS roots for every client once, only to
/// see whether it can. This one does so once, in a thread, while the function goes on to ask for its
/// first event.
#[derive(Debug)]
struct OneConnector(Arc<LazyLock<SharedHttpConnector>>);

impl OneConnector {
    fn prepare() -> Self {
        let connector = Arc::new(LazyLock::new(connector as fn() -> SharedHttpConnector));
        let early = Arc::clone(&connector);
        // Without a thread the first call makes it.
        let _ = thread::Builder::new().spawn(move || drop(LazyLock::force(&early).clone()));
        Self(connector)
    }
}

fn connector() -> SharedHttpConnector {
    let settings = HttpConnectorSettings::builder()
        .connect_timeout(CONNECT_TIMEOUT)
        .build();
    SharedHttpConnector::new(
        Connector::builder()
            .connector_settings(settings)
            .tls_provider(Provider::rustls(CryptoMode::AwsLc))
            .build(),
    )
}

impl HttpClient for OneConnector {
    fn http_connector(&self, _: &HttpConnectorSettings, _: &RuntimeComponents) -> SharedHttpConnector {
        SharedHttpConnector::clone(&self.0)
    }

    fn connector_metadata(&self) -> Option<ConnectorMetadata> {
        Some(ConnectorMetadata::new("hyper", Some("1.x".into())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a client would find, by variables that cargo sets for every test.
    fn setting(variable: &'static str, service: &'static str) -> Option<String> {
        let key = ServiceConfigKey::builder()
            .env(variable)
            .service_id(service)
            .profile("")
            .build()
            .expect("complete");
        Environment.load_config(key)
    }

    #[test]
    fn a_services_own_setting_comes_before_the_common_one() {
        assert_eq!(setting("CARGO_PKG", "name").as_deref(), Some("pipeline"));
        assert_eq!(
            setting("CARGO_PKG", "version major"),
            env::var("CARGO_PKG_VERSION_MAJOR").ok()
        );
        assert_eq!(setting("CARGO_PKG_NAME", "DynamoDB").as_deref(), Some("pipeline"));
        assert_eq!(setting("NO_SUCH", "DynamoDB"), None);
    }

    #[test]
    fn a_process_is_called_by_its_log_stream() {
        let name = |log_stream| app_name(log_stream).map(|name| name.to_string());
        let stream = "2026/11/22/[$LATEST]0123456789abcdef0123456789abcdef";
        assert_eq!(name(stream).as_deref(), Some("0123456789abcdef0123456789abcdef"));
        assert_eq!(name("5b1f-local").as_deref(), Some("5b1f-local"));
        assert_eq!(name("2026/11/22"), None);
    }

    #[test]
    fn clients_take_region_and_connections_from_the_configuration() {
        let config = aws_config();
        assert_eq!(
            config.region().map(ToString::to_string),
            env::var("AWS_REGION").ok()
        );
        assert!(config.http_client().is_some() && config.credentials_provider().is_some());
        // What the SDK would check for every client is not done again: nothing is parsed here.
        aws_sdk_dynamodb::Client::new(&config);
    }
}
