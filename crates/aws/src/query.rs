//! Speaks the AWS Query protocol, and EC2's kind of it, whose refusals are written differently: forms are sent, XML comes back.

use std::fmt::{Display, Write as _};

use aws_config::SdkConfig;
use cloud::Result;

use crate::bare::{Address, Bare, Request, Said};
use crate::error::Endpoint;
use crate::xml::Element;

/// One service that is called by the AWS Query protocol.
pub(crate) struct Query {
    service: Bare,
    version: &'static str,
}

impl Query {
    /// Makes a client of the service whose endpoints and signatures have this name, such as `monitoring`, and whose API
    /// has this version.
    pub(crate) fn new(config: &SdkConfig, name: &'static str, version: &'static str, endpoint: Endpoint) -> Self {
        let address = Address::regional(name, &endpoint.region);
        Self::at(config, name, version, address, endpoint)
    }

    /// Makes a client of a service that listens elsewhere.
    pub(crate) fn at(
        config: &SdkConfig,
        name: &'static str,
        version: &'static str,
        address: Address,
        endpoint: Endpoint,
    ) -> Self {
        Self { service: Bare::new(config, name, address, endpoint), version }
    }

    /// Calls an operation, written as IAM writes it, and waits for it to be accepted.
    pub(crate) async fn call(&self, operation: &'static str, subject: &str, form: Form) -> Result<()> {
        self.send(operation, subject, form).await.map(drop)
    }

    /// Calls an operation, and returns its answer: the outermost element.
    pub(crate) async fn ask(&self, operation: &'static str, subject: &str, form: Form) -> Result<Element> {
        let answer = self.send(operation, subject, form).await?;
        Element::parse(&answer).ok_or_else(|| self.service.unreadable(operation, subject))
    }

    async fn send(&self, operation: &'static str, subject: &str, form: Form) -> Result<String> {
        let action = operation.split_once(':').map_or(operation, |(_, action)| action);
        let form = form.with("Action", action).with("Version", self.version);
        let request = Request { content_type: "application/x-www-form-urlencoded", target: None, body: form.0 };
        self.service.send(operation, subject, request).await
    }
}

/// The parameters of a call.
#[derive(Clone, Debug, Default)]
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

    /// Adds a list: a parameter for each value, `name.1` and so on.
    pub(crate) fn with_list(self, name: &str, values: &[impl Display]) -> Self {
        let numbered = (1..).zip(values);
        numbered.fold(self, |form, (number, value)| form.with(format_args!("{name}.{number}"), value))
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

/// Reads what a service says that does not do what it is asked; `None` if that is not XML.
pub(crate) fn refusal(body: &str) -> Option<Said> {
    let body = Element::parse(body)?;
    let find = |name| body.find(name).map(str::to_owned);
    // EC2 writes it differently.
    Some(Said {
        code: find("Code"),
        message: find("Message"),
        request: find("RequestId").or_else(|| find("RequestID")),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_encoded() {
        let form = Form::default().with("Action", "A b&c=é").with_list("Dimensions.member", &["x~_-.", "y"]);
        assert_eq!(form.0, "Action=A%20b%26c%3D%C3%A9&Dimensions.member.1=x~_-.&Dimensions.member.2=y");
    }

    #[test]
    fn a_refusal_is_read() {
        let query = "<ErrorResponse><Error><Type>Sender</Type><Code>ValidationError</Code>\
                     <Message>The instance i-1 is not part of &quot;a &amp; b&quot;</Message></Error></ErrorResponse>";
        let said = refusal(query).expect("XML");
        assert_eq!(said.code.as_deref(), Some("ValidationError"));
        assert_eq!(said.message.as_deref(), Some("The instance i-1 is not part of \"a & b\""));
        assert_eq!(said.request, None);

        let ec2 = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Response><Errors><Error><Code>OptInRequired</Code>\
                   <Message>m</Message></Error></Errors><RequestID>r</RequestID></Response>";
        let said = refusal(ec2).expect("XML");
        assert_eq!((said.code.as_deref(), said.request.as_deref()), (Some("OptInRequired"), Some("r")));
        assert_eq!(refusal("{}"), None);
    }
}
