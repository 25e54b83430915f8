//! Turns the SDK's errors into ours.

mod kind;

use std::error::Error as StdError;
use std::fmt::Display;

use aws_credential_types::provider::error::CredentialsError;
use aws_sdk_s3::config::http::HttpResponse;
use aws_sdk_s3::error::{ProvideErrorMetadata, SdkError};
use cloud::{Error, ErrorKind};

/// Where a client sends its requests: what its errors need to know.
#[derive(Clone, Debug)]
pub(crate) struct Endpoint {
    pub(crate) service: &'static str,
    pub(crate) region: String,
    pub(crate) url: Option<String>,
    pub(crate) profile: Option<String>,
}

impl Endpoint {
    /// Turns a failure of `operation` on `subject` into an error of ours.
    pub(crate) fn error<E>(
        &self,
        operation: &'static str,
        subject: impl Display,
        error: &SdkError<E, HttpResponse>,
    ) -> Error
    where
        E: StdError + ProvideErrorMetadata + 'static,
    {
        if let SdkError::ServiceError(context) = error {
            let status = context.raw().status().as_u16();
            return answered(operation, &subject.to_string(), status, context.err());
        }
        if find::<CredentialsError>(error).is_some() {
            return without_credentials(operation, self.profile.as_deref(), error);
        }
        let (kind, message) = match error {
            SdkError::DispatchFailure(failure) if is_unreachable(error) || failure.is_user() => {
                (ErrorKind::Unreachable, format!("cannot connect to {self}: {}", innermost(error)))
            }
            SdkError::TimeoutError(_) | SdkError::DispatchFailure(_) => {
                (ErrorKind::Timeout, format!("{subject}: the connection to {self} broke: {}", innermost(error)))
            }
            SdkError::ResponseError(_) => {
                (ErrorKind::Unavailable, format!("{subject}: {self} sent what cannot be read: {}", innermost(error)))
            }
            _ => (ErrorKind::Validation, format!("{subject}: {}", innermost(error))),
        };
        Error::new(kind, operation, message)
    }
}

impl Display for Endpoint {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.url {
            Some(url) => formatter.write_str(url),
            None => write!(formatter, "{} in {}", self.service, self.region),
        }
    }
}

/// Makes an error of what a service answered.
fn answered(operation: &'static str, subject: &str, status: u16, answer: &dyn ProvideErrorMetadata) -> Error {
    let code = answer.code().unwrap_or_default();
    let said = answer.message().unwrap_or_default();
    let kind = kind::of(operation, code, said, status);
    let said = match (said, kind) {
        // Answers to HEAD requests have no body, and so no code and no message.
        ("", ErrorKind::NotFound) => "not found",
        ("", ErrorKind::AccessDenied) => "access denied",
        ("", ErrorKind::PreconditionFailed) => "its etag is another one",
        ("", _) => "no reason given",
        (said, _) => said,
    };
    let message = if subject.is_empty() { said.to_owned() } else { format!("{subject}: {said}") };
    Error {
        kind,
        operation,
        message,
        code: Some(if code.is_empty() { format!("HTTP {status}") } else { code.to_owned() }),
        request_id: answer.meta().extra("aws_request_id").map(str::to_owned),
    }
}

/// What to do about it depends on the caller: see the kind.
fn without_credentials(operation: &'static str, profile: Option<&str>, error: &(dyn StdError + 'static)) -> Error {
    let profile = profile.map(|profile| format!(" in profile `{profile}`")).unwrap_or_default();
    let reason = innermost(error);
    let message = if reason.starts_with("no credentials found in chain") {
        // The rest lists every place looked at, one a line.
        format!("no AWS credentials found{profile}")
    } else {
        format!("no usable AWS credentials{profile}: {}", reason.trim_end_matches('.'))
    };
    Error::new(ErrorKind::Credentials, operation, message)
}

/// Makes an error of a body that broke off while it was read.
pub(crate) fn of_body(operation: &'static str, subject: &str, error: &(dyn StdError + 'static)) -> Error {
    let reason = innermost(error);
    // The checksum error's type is in a crate that is an inner matter of the SDK; its words are all there is.
    let kind = if reason.contains("checksum mismatch") { ErrorKind::Corrupted } else { ErrorKind::Timeout };
    Error::new(kind, operation, format!("{subject}: {reason}"))
}

/// Says whether no connection was ever made.
fn is_unreachable(error: &(dyn StdError + 'static)) -> bool {
    use std::io::ErrorKind as Io;
    let refused = find::<std::io::Error>(error).is_some_and(|error| {
        matches!(
            error.kind(),
            Io::ConnectionRefused | Io::HostUnreachable | Io::NetworkUnreachable | Io::AddrNotAvailable
        )
    });
    // DNS failures and connect timeouts have no public type to look for.
    refused
        || chain(error).any(|error| {
            let text = error.to_string();
            text.contains("dns error") || text.contains("client error (Connect)") || text.contains("connect timeout")
        })
}

fn find<'a, E: StdError + 'static>(error: &'a (dyn StdError + 'static)) -> Option<&'a E> {
    chain(error).find_map(|error| error.downcast_ref())
}

pub(crate) fn innermost(error: &(dyn StdError + 'static)) -> String {
    chain(error).last().map(ToString::to_string).unwrap_or_default()
}

fn chain<'a>(error: &'a (dyn StdError + 'static)) -> impl Iterator<Item = &'a (dyn StdError + 'static)> {
    std::iter::successors(Some(error), |&error| error.source())
}
