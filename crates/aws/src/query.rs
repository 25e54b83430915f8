//! Speaks the AWS Query protocol, for services of which one or two operations are used that answer nothing.
//!
//! The SDK's own crates for them cost more than they give: `aws-sdk-autoscaling` and `aws-sdk-cloudwatch` bring 20 more crates,
//! and more than 40 s of CPU, to a build of everything that takes 240 s. What is hard about a call is still the SDK's: credentials,
//! signature, retries, timeouts and the connection.

use std::fmt::{self, Display, Write as _};

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
use cloud::Result;

use crate::error::Endpoint;

/// One service that is called by the AWS Query protocol.
pub(crate) struct Query {
    operation: Operation<Form, (), Refusal>,
    version: &'static str,
    endpoint: Endpoint,
}

impl Query {
    /// Makes a client of the service whose endpoints and signatures have this name, such as `monitoring`, and whose API
    /// has this version.
    pub(crate) fn new(config: &SdkConfig, name: &'static str, version: &'static str, endpoint: Endpoint) -> Self {
        let region = config.region().cloned();
        let url = config.endpoint_url().map_or_else(|| url(name, &endpoint.region), str::to_owned);

        let mut signing = Layer::new("signing");
        signing.store_put(AuthSchemeOptionResolverParams::new(()));
        signing.store_put(SigV4OperationSigningConfig {
            region: region.map(SigningRegion::from),
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
            .operation_name("Query")
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
        let operation = builder.serializer(|form: Form| Ok(request(form))).deserializer(read).build();
        Self { operation, version, endpoint }
    }

    /// Calls an operation, written as IAM writes it, and waits for it to be accepted.
    pub(crate) async fn call(&self, operation: &'static str, subject: &str, form: Form) -> Result<()> {
        let action = operation.split_once(':').map_or(operation, |(_, action)| action);
        let form = form.with("Action", action).with("Version", self.version);
        let answer = self.operation.invoke(form).await;
        answer.map_err(|error: SdkError<Refusal, HttpResponse>| self.endpoint.error(operation, subject, &error))
    }
}

/// Returns where a service listens. The partitions and their domains are those of botocore's `partitions.json`.
fn url(name: &str, region: &str) -> String {
    let domain = match region {
        _ if region.starts_with("cn-") => "amazonaws.com.cn",
        _ if region.starts_with("eusc-") => "amazonaws.eu",
        _ if region.starts_with("us-isob-") => "sc2s.sgov.gov",
        _ if region.starts_with("us-iso-") => "c2s.ic.gov",
        _ if region.starts_with("us-isof-") => "csp.hci.ic.gov",
        _ if region.starts_with("eu-isoe-") => "cloud.adc-e.uk",
        _ => "amazonaws.com",
    };
    format!("https://{name}.{region}.{domain}")
}

/// The parameters of a call.
#[derive(Debug, Default)]
pub(crate) struct Form(String);

impl Form {
    /// Adds a parameter.
    pub(crate) fn with(mut self, name: impl Display, value: impl Display) -> Self {
        if !self.0.is_empty() {
            self.0.push('&');
        }
        self.encode(&name.to_string());
        self.0.push('=');
        self.encode(&value.to_string());
        self
    }

    fn encode(&mut self, text: &str) {
        for byte in text.bytes() {
            if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
                self.0.push(char::from(byte));
            } else {
                // Writing to a string does not fail.
                let _ = write!(self.0, "%{byte:02X}");
            }
        }
    }
}

fn request(form: Form) -> HttpRequest {
    let bytes = form.0.len();
    let mut request = HttpRequest::new(SdkBody::from(form.0));
    // All three are constants, or digits: nothing that a request cannot carry.
    let _ = request.set_method("POST");
    let _ = request.set_uri("/");
    request.headers_mut().insert("content-type", "application/x-www-form-urlencoded");
    request.headers_mut().insert("content-length", bytes.to_string());
    request
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

fn read(response: &HttpResponse) -> std::result::Result<(), OrchestratorError<Refusal>> {
    if response.status().is_success() {
        return Ok(());
    }
    let body = String::from_utf8_lossy(response.body().bytes().unwrap_or_default());
    let mut said = ErrorMetadata::builder();
    if let Some(code) = element(&body, "Code") {
        said = said.code(code);
    }
    if let Some(message) = element(&body, "Message") {
        said = said.message(message);
    }
    if let Some(request) = element(&body, "RequestId") {
        said = said.custom("aws_request_id", request);
    }
    Err(OrchestratorError::operation(Refusal(said.build())))
}

/// Finds the text of an element without children.
fn element(xml: &str, name: &str) -> Option<String> {
    let (_, rest) = xml.split_once(&format!("<{name}>"))?;
    let (text, _) = rest.split_once(&format!("</{name}>"))?;
    let entities = [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&apos;", "'"), ("&#39;", "'"), ("&amp;", "&")];
    Some(entities.iter().fold(text.to_owned(), |text, (entity, meant)| text.replace(entity, meant)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_encoded() {
        let form = Form::default().with("Action", "A b&c=é").with("Dimensions.member.1.Name", "x~_-.");
        assert_eq!(form.0, "Action=A%20b%26c%3D%C3%A9&Dimensions.member.1.Name=x~_-.");
    }

    #[test]
    fn each_partition_has_its_domain() {
        for (region, url_expected) in [
            ("ap-northeast-2", "https://monitoring.ap-northeast-2.amazonaws.com"),
            ("us-gov-west-1", "https://monitoring.us-gov-west-1.amazonaws.com"),
            ("cn-north-1", "https://monitoring.cn-north-1.amazonaws.com.cn"),
            ("eu-isoe-west-1", "https://monitoring.eu-isoe-west-1.cloud.adc-e.uk"),
        ] {
            assert_eq!(url("monitoring", region), url_expected);
        }
    }

    #[test]
    fn a_refusal_is_read() {
        let body = "<ErrorResponse><Error><Type>Sender</Type><Code>ValidationError</Code>\
                    <Message>The instance i-1 is not part of &quot;a &amp; b&quot;</Message></Error></ErrorResponse>";
        assert_eq!(element(body, "Code").as_deref(), Some("ValidationError"));
        assert_eq!(element(body, "Message").as_deref(), Some("The instance i-1 is not part of \"a & b\""));
        assert_eq!(element(body, "RequestId"), None);
    }
}
