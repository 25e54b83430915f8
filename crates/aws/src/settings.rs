use std::time::Duration;

use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{AppName, BehaviorVersion, Region, SdkConfig};
use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use cloud::{Error, ErrorKind};

/// How to connect.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// The region; `None` for what the profile, the environment variables or the instance say.
    pub region: Option<String>,
    /// Which cloud.
    pub target: Target,
    /// What the user agent header says of the application, such as `baleen-0.1.0`: no spaces or slashes.
    pub application: Option<String>,
}

/// Which cloud to talk to. Static credentials and path-style addresses exist only for the local one, by construction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// AWS, with the credentials that the AWS CLI would use.
    Aws {
        /// The profile; `None` for `AWS_PROFILE` or `default`.
        profile: Option<String>,
    },
    /// An emulator. Nothing of the user's AWS configuration is read, so that neither a profile nor a proxy nor real
    /// credentials find their way into it.
    Local {
        /// Where it listens, such as `http://127.0.0.1:4566`.
        endpoint_url: String,
    },
}

impl Settings {
    /// The profile that credentials come from, if one is named at all.
    pub(crate) fn profile_in_use(&self) -> Option<String> {
        match &self.target {
            Target::Aws { profile } => profile.clone().or_else(|| std::env::var("AWS_PROFILE").ok()),
            Target::Local { .. } => None,
        }
        .filter(|profile| !profile.is_empty())
    }

    pub(crate) fn is_local(&self) -> bool {
        matches!(self.target, Target::Local { .. })
    }
}

/// The region of a local cloud whose settings name none.
const LOCAL_REGION: &str = "us-east-1";

/// How long a connection may take to be made.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// How long the first byte of an answer may take. Services that take longer say so in their own file.
const READ_TIMEOUT: Duration = Duration::from_secs(30);

pub(crate) async fn load(settings: &Settings) -> Result<SdkConfig, Error> {
    match &settings.target {
        Target::Aws { profile } => from_environment(settings, profile.as_deref()).await,
        Target::Local { endpoint_url } => local(settings, endpoint_url),
    }
}

async fn from_environment(settings: &Settings, profile: Option<&str>) -> Result<SdkConfig, Error> {
    let mut loader = aws_config::defaults(BehaviorVersion::latest())
        .retry_config(RetryConfig::standard().with_max_attempts(4))
        .timeout_config(timeouts());
    if let Some(name) = app_name(settings)? {
        loader = loader.app_name(name);
    }
    if let Some(profile) = profile {
        loader = loader.profile_name(profile);
    }
    if let Some(region) = &settings.region {
        loader = loader.region(Region::new(region.clone()));
    }
    let config = loader.load().await;
    if config.region().is_none() {
        let message = "no AWS region is set: name it in the environment's file, in AWS_REGION or in the profile";
        return Err(invalid(message));
    }
    Ok(config)
}

/// Builds the configuration by hand, without the loader that reads files and environment variables.
fn local(settings: &Settings, endpoint_url: &str) -> Result<SdkConfig, Error> {
    if !endpoint_url.starts_with("http://") {
        let message = format!("the address of a local cloud must start with `http://`, not `{endpoint_url}`");
        return Err(invalid(message));
    }
    let region = settings.region.clone().unwrap_or_else(|| LOCAL_REGION.to_owned());
    let credentials = Credentials::from_keys("local", "local", None);
    // A plain HTTP client: the default one would read HTTP_PROXY, and loads the system's certificates.
    let http_client = aws_smithy_http_client::Builder::new().build_http();
    let retries = RetryConfig::standard().with_max_attempts(3).with_initial_backoff(Duration::from_millis(100));
    let mut config = SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new(region))
        .endpoint_url(endpoint_url)
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        .http_client(http_client)
        .retry_config(retries)
        .timeout_config(timeouts());
    config.set_app_name(app_name(settings)?);
    Ok(config.build())
}

fn timeouts() -> TimeoutConfig {
    TimeoutConfig::builder().connect_timeout(CONNECT_TIMEOUT).read_timeout(READ_TIMEOUT).build()
}

fn app_name(settings: &Settings) -> Result<Option<AppName>, Error> {
    let Some(name) = &settings.application else { return Ok(None) };
    let name = AppName::new(name.clone()).map_err(|error| invalid(format!("application name `{name}`: {error}")))?;
    Ok(Some(name))
}

fn invalid(message: impl Into<String>) -> Error {
    Error::new(ErrorKind::Validation, "connect", message)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn local_at(endpoint_url: &str) -> Settings {
        let target = Target::Local { endpoint_url: endpoint_url.to_owned() };
        Settings { region: None, target, application: None }
    }

    #[test]
    fn a_local_cloud_over_https_is_refused() {
        let error = local(&local_at("https://127.0.0.1:1"), "https://127.0.0.1:1").expect_err("refused");
        assert_eq!(error.kind, ErrorKind::Validation);
    }

    #[test]
    fn an_application_name_that_no_header_can_carry_is_refused() {
        let settings = Settings { application: Some("two words".to_owned()), ..local_at("http://127.0.0.1:1") };
        let error = local(&settings, "http://127.0.0.1:1").expect_err("refused");
        assert!(error.message.contains("two words"), "{error}");
    }
}
