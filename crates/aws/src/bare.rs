//! Calls services over the SDK's runtime alone, without the SDK's crates for them, for services of which one or two
//! operations are used.
//!
//! Those crates cost more than they give: `aws-sdk-autoscaling` and `aws-sdk-cloudwatch` bring 20 more crates, and more than
//! 40 s of CPU, to a build of everything that takes 240 s; `aws-sdk-ec2` is far larger. What is hard about a call is still the
//! SDK's: credentials, signature, retries, timeouts and the connection.

use std::fmt::{self, Display};

use aws_config::SdkConfig;
use aws_runtime::auth::SigV4OperationSigningConfig;
use aws_runtime::auth::sigv4::{SCHEME_ID, SigV4AuthScheme};
use aws_runtime::retries::classifiers::AwsErrorCodeClassifier;
use aws_smithy_runtime::client::orchestrator::operation::Operation;
use aws_smithy_runtime::client::retries::classifiers::{HttpStatusCodeClassifier, TransientErrorClassifier};
use aws_smithy_runtime_api::client::auth::static_resolver::StaticAuthSchemeOptionResolver;
use aws_smithy_runtime_api::client::auth::{AuthSchemeOptionResolverParams, SharedAuthScheme};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse, OrchestratorError};
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponentsBuilder;
use aws_smithy_runtime_api::client::runtime_plugin::StaticRuntimePlugin;
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::config_bag::Layer;
use aws_smithy_types::error::metadata::{ErrorMetadata, ProvideErrorMetadata};
use aws_types::region::SigningRegion;
use cloud::{Error, ErrorKind, Result};

use crate::error::Endpoint;

/// A service that is called so.
pub(crate) struct Bare {
    operation: Operation<Request, String, Refusal>,
    endpoint: Endpoint,
}

/// What is sent: always by `POST`, to the root of the endpoint.
#[derive(Debug)]
pub(crate) struct Request {
    pub(crate) content_type: &'static str,
    /// The operation, in the protocols that name it in a header.
    pub(crate) target: Option<String>,
    pub(crate) body: String,
}

/// Where a service listens, and what its signatures are for.
pub(crate) struct Address {
    pub(crate) url: String,
    pub(crate) region: String,
}

impl Address {
    /// Returns where a service listens that each region has.
    pub(crate) fn regional(name: &str, region: &str) -> Self {
        Self { url: format!("https://{name}.{region}.{}", domain(region)), region: region.to_owned() }
    }

    /// Returns where IAM listens, of which each partition has one (botocore's `endpoints.json`).
    pub(crate) fn iam(region: &str) -> Self {
        let at = |url: &str, region: &str| Self { url: url.to_owned(), region: region.to_owned() };
        let home = match region {
            _ if region.starts_with("cn-") => "cn-north-1",
            _ if region.starts_with("us-gov-") => return at("https://iam.us-gov.amazonaws.com", "us-gov-west-1"),
            _ if region.starts_with("us-iso-") => "us-iso-east-1",
            _ if region.starts_with("us-isob-") => "us-isob-east-1",
            _ if region.starts_with("us-isof-") => "us-isof-south-1",
            _ if region.starts_with("eusc-") || region.starts_with("eu-isoe-") => region,
            _ => return at("https://iam.amazonaws.com", "us-east-1"),
        };
        Self::regional("iam", home)
    }
}

/// Returns the domain of a region's partition (botocore's `partitions.json`).
fn domain(region: &str) -> &'static str {
    match region {
        _ if region.starts_with("cn-") => "amazonaws.com.cn",
        _ if region.starts_with("eusc-") => "amazonaws.eu",
        _ if region.starts_with("us-isob-") => "sc2s.sgov.gov",
        _ if region.starts_with("us-iso-") => "c2s.ic.gov",
        _ if region.starts_with("us-isof-") => "csp.hci.ic.gov",
        _ if region.starts_with("eu-isoe-") => "cloud.adc-e.uk",
        _ => "amazonaws.com",
    }
}

impl Bare {
    /// Makes a client of the service whose signatures have this name, such as `monitoring`.
    pub(crate) fn new(config: &SdkConfig, name: &'static str, address: Address, endpoint: Endpoint) -> Self {
        let url = config.endpoint_url().map_or(address.url, str::to_owned);
        let mut signing = Layer::new("signing");
        signing.store_put(AuthSchemeOptionResolverParams::new(()));
        signing.store_put(SigV4OperationSigningConfig {
            region: Some(SigningRegion::from(aws_config::Region::new(address.region))),
            name: Some(name.into()),
            ..SigV4OperationSigningConfig::default()
        });
        let mut parts = RuntimeComponentsBuilder::new(name);
        parts.set_auth_scheme_option_resolver(Some(StaticAuthSchemeOptionResolver::new(vec![SCHEME_ID])));
        parts.push_auth_scheme(SharedAuthScheme::new(SigV4AuthScheme::new()));
        if let Some(credentials) = config.credentials_provider() {
            parts.set_identity_resolver(SCHEME_ID, credentials);
        }
        parts.set_http_client(config.http_client());

        let mut builder = Operation::builder()
            .service_name(name)
            .operation_name("Bare")
            .behavior_version(aws_config::BehaviorVersion::latest())
            .endpoint_url(&url)
            .runtime_plugin(StaticRuntimePlugin::new().with_config(signing.freeze()).with_runtime_components(parts))
            .retry_classifier(TransientErrorClassifier::<Refusal>::new())
            .retry_classifier(AwsErrorCodeClassifier::<Refusal>::new())
            .retry_classifier(HttpStatusCodeClassifier::default())
            .with_connection_poisoning();
        if let Some(retries) = config.retry_config() {
            builder = builder.standard_retry(retries);
        }
        if let Some(timeouts) = config.timeout_config() {
            builder = builder.timeout_config(timeouts.clone());
        }
        let operation = builder.serializer(|request: Request| Ok(http(request))).deserializer(read).build();
        Self { operation, endpoint }
    }

    /// Sends a request, and returns the body of the answer.
    pub(crate) async fn send(&self, operation: &'static str, subject: &str, request: Request) -> Result<String> {
        let answer = self.operation.invoke(request).await;
        answer.map_err(|error: SdkError<Refusal, HttpResponse>| self.endpoint.error(operation, subject, &error))
    }

    /// Makes an error of an answer that cannot be read.
    pub(crate) fn unreadable(&self, operation: &'static str, subject: &str) -> Error {
        let message = format!("{subject}: {} sent what cannot be read", self.endpoint);
        Error::new(ErrorKind::Unavailable, operation, message)
    }
}

fn http(request: Request) -> HttpRequest {
    let bytes = request.body.len();
    let mut http = HttpRequest::new(SdkBody::from(request.body));
    // All are constants, or digits: nothing that a request cannot carry.
    let _ = http.set_method("POST");
    let _ = http.set_uri("/");
    http.headers_mut().insert("content-type", request.content_type);
    http.headers_mut().insert("content-length", bytes.to_string());
    if let Some(target) = request.target {
        http.headers_mut().insert("x-amz-target", target);
    }
    http
}

/// What a service says that does not do what it is asked.
#[derive(Debug)]
struct Refusal(ErrorMetadata);

impl Display for Refusal {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}

impl std::error::Error for Refusal {}

impl ProvideErrorMetadata for Refusal {
    fn meta(&self) -> &ErrorMetadata {
        &self.0
    }
}

fn read(response: &HttpResponse) -> std::result::Result<String, OrchestratorError<Refusal>> {
    let body = String::from_utf8_lossy(response.body().bytes().unwrap_or_default());
    if response.status().is_success() {
        return Ok(body.into_owned());
    }
    let mut said = crate::query::refusal(&body).or_else(|| crate::json::refusal(&body)).unwrap_or_default();
    said.request = said.request.or_else(|| response.headers().get("x-amzn-requestid").map(str::to_owned));
    let mut metadata = ErrorMetadata::builder();
    if let Some(code) = said.code {
        metadata = metadata.code(code);
    }
    if let Some(message) = said.message {
        metadata = metadata.message(message);
    }
    if let Some(request) = said.request {
        metadata = metadata.custom("aws_request_id", request);
    }
    Err(OrchestratorError::operation(Refusal(metadata.build())))
}

/// What a refusal says, in whichever protocol.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Said {
    pub(crate) code: Option<String>,
    pub(crate) message: Option<String>,
    pub(crate) request: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_partition_has_its_domain() {
        for (region, url) in [
            ("ap-northeast-2", "https://monitoring.ap-northeast-2.amazonaws.com"),
            ("us-gov-west-1", "https://monitoring.us-gov-west-1.amazonaws.com"),
            ("cn-north-1", "https://monitoring.cn-north-1.amazonaws.com.cn"),
            ("eu-isoe-west-1", "https://monitoring.eu-isoe-west-1.cloud.adc-e.uk"),
        ] {
            assert_eq!(Address::regional("monitoring", region).url, url);
        }
    }

    #[test]
    fn each_partition_has_one_iam() {
        for (region, url, signed_for) in [
            ("ap-northeast-2", "https://iam.amazonaws.com", "us-east-1"),
            ("us-gov-east-1", "https://iam.us-gov.amazonaws.com", "us-gov-west-1"),
            ("cn-northwest-1", "https://iam.cn-north-1.amazonaws.com.cn", "cn-north-1"),
            ("us-iso-west-1", "https://iam.us-iso-east-1.c2s.ic.gov", "us-iso-east-1"),
        ] {
            let address = Address::iam(region);
            assert_eq!((address.url.as_str(), address.region.as_str()), (url, signed_for), "{region}");
        }
    }
}
