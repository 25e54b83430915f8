use async_trait::async_trait;
use aws_config::SdkConfig;
use aws_config::imds::Client;
use aws_config::imds::client::error::ImdsError;
use aws_config::provider_config::ProviderConfig;
use cloud::{Error, ErrorKind, Metadata, Result};

use crate::error::innermost;

/// What the errors of this service name: it has no operations.
const OPERATION: &str = "metadata";

pub(crate) struct Service {
    client: Client,
}

impl Service {
    /// Makes a client: of the instance's own service, or of an emulator that has one too.
    pub(crate) fn new(config: &SdkConfig, emulator: Option<&str>) -> Result<Self> {
        let mut builder = Client::builder();
        if let Some(url) = emulator {
            let provider = ProviderConfig::empty();
            let provider = match config.http_client() {
                Some(client) => provider.with_http_client(client),
                None => provider,
            };
            builder = builder
                .configure(&provider)
                .endpoint(url)
                .map_err(|error| Error::new(ErrorKind::Validation, OPERATION, format!("{url}: {error}")))?;
        }
        Ok(Self { client: builder.build() })
    }
}

#[async_trait]
impl Metadata for Service {
    async fn get(&self, path: &str) -> Result<Option<String>> {
        match self.client.get(format!("/latest/meta-data/{path}")).await {
            Ok(text) => Ok(Some(text.as_ref().trim().to_owned())),
            Err(ImdsError::ErrorResponse(answer)) if answer.response().status().as_u16() == 404 => Ok(None),
            Err(error) => {
                let kind = match &error {
                    ImdsError::ErrorResponse(_) => ErrorKind::Unavailable,
                    _ => ErrorKind::Unreachable,
                };
                Err(Error::new(kind, OPERATION, format!("{path}: {}", innermost(&error))))
            }
        }
    }
}
