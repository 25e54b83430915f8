use std::fmt;
use std::io;

/// What an operation of a cloud service returns.
pub type Result<T> = std::result::Result<T, Error>;

/// Reports that a call to a cloud service failed: how, and what the service said.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub struct Error {
    /// What kind of failure it is: what callers decide by.
    pub kind: ErrorKind,
    /// The operation, written as IAM writes it: `s3:PutObject`.
    pub operation: &'static str,
    /// What went wrong, with the name of the thing that it went wrong with.
    pub message: String,
    /// The service's own code, such as `ValidationError`, where it sent one.
    pub code: Option<String>,
    /// The service's id of the request: what AWS support asks for.
    pub request_id: Option<String>,
}

/// Sorts failures by what a caller can do about them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ErrorKind {
    /// The thing named does not exist.
    NotFound,
    /// A thing of that name exists already.
    AlreadyExists,
    /// S3 answered 412: an object is there already (`If-None-Match`), or it is another one (`If-Match`).
    PreconditionFailed,
    /// S3 answered 409: another conditional write is under way. The upload may be started again from the beginning.
    Conflict,
    /// A condition of a `DynamoDB` write did not hold.
    ConditionFailed,
    /// Too many requests.
    Throttled,
    /// The credentials are good and do not allow it.
    AccessDenied,
    /// There are no credentials, or they have expired, or the service does not know them.
    Credentials,
    /// The service refuses the request as it stands: a retry cannot help.
    Validation,
    /// No connection could be made: refused, no route, or the name is unknown.
    Unreachable,
    /// There was a connection, and it broke, or no answer came in time. The operation may have taken effect.
    Timeout,
    /// The service failed (HTTP 5xx). The operation may have taken effect.
    Unavailable,
    /// A Step Functions task token that leads nowhere any more: the task timed out, ended, or never was.
    TokenDead,
    /// An SQS receipt handle that no longer stands for the message: it was received again, or deleted.
    StaleReceipt,
    /// What arrived is not what was sent: its length or its checksum differs.
    Corrupted,
    /// A local file could not be read or written.
    File(io::ErrorKind),
    /// Anything else that the service says; [`Error::code`] has its word for it.
    Service,
}

impl Error {
    /// Makes an error without a code or request id.
    pub fn new(kind: ErrorKind, operation: &'static str, message: impl Into<String>) -> Self {
        Self { kind, operation, message: message.into(), code: None, request_id: None }
    }

    /// Makes an error of a local file that an operation reads or writes.
    pub fn file(operation: &'static str, path: &std::path::Path, error: &io::Error) -> Self {
        Self::new(ErrorKind::File(error.kind()), operation, format!("{}: {error}", path.display()))
    }

    /// Adds the service's own code.
    pub fn with_code(mut self, code: impl Into<String>) -> Self {
        self.code = Some(code.into());
        self
    }

    /// Says whether the same call may succeed a little later.
    pub fn is_transient(&self) -> bool {
        match self.kind {
            ErrorKind::Conflict
            | ErrorKind::Throttled
            | ErrorKind::Unreachable
            | ErrorKind::Timeout
            | ErrorKind::Unavailable
            | ErrorKind::Corrupted => true,
            ErrorKind::NotFound
            | ErrorKind::AlreadyExists
            | ErrorKind::PreconditionFailed
            | ErrorKind::ConditionFailed
            | ErrorKind::AccessDenied
            | ErrorKind::Credentials
            | ErrorKind::Validation
            | ErrorKind::TokenDead
            | ErrorKind::StaleReceipt
            | ErrorKind::File(_)
            | ErrorKind::Service => false,
        }
    }

    /// Says whether the operation may have taken effect although it failed: the answer was lost, not the request.
    pub fn may_have_taken_effect(&self) -> bool {
        matches!(self.kind, ErrorKind::Timeout | ErrorKind::Unavailable)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}: {}", self.operation, self.message)?;
        match (&self.code, &self.request_id) {
            (Some(code), Some(request)) => write!(formatter, " ({code}, request {request})"),
            (Some(code), None) => write!(formatter, " ({code})"),
            (None, Some(request)) => write!(formatter, " (request {request})"),
            (None, None) => Ok(()),
        }
    }
}
