//! Speaks the AWS JSON protocol, version 1.1.

use aws_config::SdkConfig;
use cloud::Result;
use serde_json::Value;

use crate::bare::{Address, Bare, Request, Said};
use crate::error::Endpoint;

/// One service that is called by the AWS JSON protocol.
pub(crate) struct Json {
    service: Bare,
    /// What stands before the operation's name in its header.
    prefix: &'static str,
}

impl Json {
    /// Makes a client of the service whose endpoints and signatures have this name, such as `servicequotas`.
    pub(crate) fn new(config: &SdkConfig, name: &'static str, prefix: &'static str, endpoint: Endpoint) -> Self {
        let address = Address::regional(name, &endpoint.region);
        Self { service: Bare::new(config, name, address, endpoint), prefix }
    }

    /// Calls an operation, written as IAM writes it, and returns its answer.
    pub(crate) async fn ask(&self, operation: &'static str, subject: &str, arguments: &Value) -> Result<Value> {
        let action = operation.split_once(':').map_or(operation, |(_, action)| action);
        let request = Request {
            content_type: "application/x-amz-json-1.1",
            target: Some(format!("{}.{action}", self.prefix)),
            body: arguments.to_string(),
        };
        let answer = self.service.send(operation, subject, request).await?;
        serde_json::from_str(&answer).map_err(|_| self.service.unreadable(operation, subject))
    }
}

/// Reads what a service says that does not do what it is asked; `None` if that is not JSON.
pub(crate) fn refusal(body: &str) -> Option<Said> {
    let body: Value = serde_json::from_str(body).ok()?;
    let text = |name: &str| body.get(name).and_then(Value::as_str);
    // The type may have its namespace before it, and a link after it.
    let code = text("__type").or_else(|| text("code")).map(|code| code.rsplit('#').next().unwrap_or(code));
    Some(Said {
        code: code.map(|code| code.split(':').next().unwrap_or(code).to_owned()),
        message: text("message").or_else(|| text("Message")).map(str::to_owned),
        request: None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_is_read() {
        let said = refusal(r#"{"__type": "com.amazonaws.x#NoSuchResourceException:http://x/", "Message": "m"}"#);
        let expected =
            Said { code: Some("NoSuchResourceException".to_owned()), message: Some("m".to_owned()), request: None };
        assert_eq!(said, Some(expected));
        assert_eq!(refusal("<a/>"), None);
    }
}
