//! Which kind of failure something is.

use std::io;

use job::{ErrorKind, Failure};

/// Tells what a failed call of a service means for the task.
pub(crate) fn of_call(doing: &str, error: &cloud::Error) -> Failure {
    if let cloud::ErrorKind::File(kind) = error.kind {
        return of_file(doing, kind, error);
    }
    let message = format!("{doing}: {error}");
    if error.is_transient() {
        return Failure::new(ErrorKind::Transient, message);
    }
    let failure = Failure::new(ErrorKind::Internal, message);
    match error.kind {
        cloud::ErrorKind::AccessDenied => failure.with_hint(format!("let the worker's role do {}", error.operation)),
        cloud::ErrorKind::Credentials => {
            failure.with_hint("give the worker credentials: its instance's role, or a profile")
        }
        _ => failure,
    }
}

/// Tells what a failed read or write of a local file means for the task.
pub(crate) fn of_file(doing: &str, kind: io::ErrorKind, error: &dyn std::error::Error) -> Failure {
    let message = format!("{doing}: {error}");
    match kind {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded | io::ErrorKind::FileTooLarge => {
            Failure::new(ErrorKind::Resource, message).with_hint("give the worker a larger disk")
        }
        io::ErrorKind::OutOfMemory => Failure::new(ErrorKind::Resource, message),
        _ => Failure::new(ErrorKind::Internal, message),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_pass_is_transient_and_a_full_disk_is_not() {
        let kind = |kind| of_call("downloading the source", &cloud::Error::new(kind, "s3:GetObject", "x")).kind;
        assert_eq!(kind(cloud::ErrorKind::Throttled), ErrorKind::Transient);
        assert_eq!(kind(cloud::ErrorKind::Timeout), ErrorKind::Transient);
        assert_eq!(kind(cloud::ErrorKind::Corrupted), ErrorKind::Transient);
        assert_eq!(kind(cloud::ErrorKind::File(io::ErrorKind::StorageFull)), ErrorKind::Resource);
        assert_eq!(kind(cloud::ErrorKind::Validation), ErrorKind::Internal);
    }

    #[test]
    fn a_missing_permission_is_named() {
        let error = cloud::Error::new(cloud::ErrorKind::AccessDenied, "s3:GetObject", "s3://b/k: forbidden");
        let failure = of_call("downloading the source", &error);
        assert_eq!(failure.message, "downloading the source: s3:GetObject: s3://b/k: forbidden");
        assert_eq!(failure.hint.as_deref(), Some("let the worker's role do s3:GetObject"));
    }
}
