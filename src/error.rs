//! Errors as users see them: a kind, which decides the exit code; a message; hints.

use serde::Serialize;
use tree::Finding;

/// What a command returns.
pub type Result<T> = std::result::Result<T, Error>;

/// What went wrong.
#[derive(Debug)]
pub struct Error {
    pub kind: Kind,
    /// What is wrong: lowercase, no final full stop. Empty where the findings say all.
    pub message: String,
    /// What to do about it, most useful first.
    pub hints: Vec<String>,
    /// Where in a template or an environment's file it is wrong.
    pub findings: Vec<Finding>,
}

/// Sorts errors by what a script can do about them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// It was tried, and failed.
    Failed,
    /// The command line or an environment's file is wrong.
    Usage,
    /// The templates have errors.
    Findings,
    /// A person did not approve.
    Declined,
    /// The job failed, or was cancelled.
    Job,
    /// The command failed on an instance, or was cancelled.
    Command,
    /// A comparison found something that a gate stops.
    Gate,
    /// A comparison found differences, and has said so.
    Differs,
    /// The user interrupted it.
    Interrupted,
    /// Whoever read the output has gone: nobody is there to be told.
    Silent,
}

impl Kind {
    /// The exit codes that `--help` documents.
    pub fn exit_code(self) -> u8 {
        match self {
            Self::Silent => 0,
            Self::Failed => 1,
            // As clap exits on a command line that it cannot parse.
            Self::Usage | Self::Differs => 2,
            Self::Findings | Self::Gate => 3,
            Self::Declined => 4,
            Self::Job | Self::Command => 5,
            // As shells say of a program that Ctrl-C has ended.
            Self::Interrupted => 130,
        }
    }
}

impl Error {
    pub fn new(kind: Kind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), hints: Vec::new(), findings: Vec::new() }
    }

    pub fn usage(message: impl Into<String>) -> Self {
        Self::new(Kind::Usage, message)
    }

    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hints.push(hint.into());
        self
    }

    /// Says in one line what is wrong, also where the findings say it.
    pub fn summary(&self) -> String {
        if self.message.is_empty() && !self.findings.is_empty() {
            let findings: Vec<_> = self.findings.iter().map(|finding| finding.message.as_str()).collect();
            return findings.join("; ");
        }
        self.message.clone()
    }

    /// Makes an error of what is wrong with the templates of an environment.
    pub fn findings(message: impl Into<String>, findings: Vec<Finding>) -> Self {
        Self { findings, ..Self::new(Kind::Findings, message) }
    }
}

impl From<toolkit::Error> for Error {
    fn from(error: toolkit::Error) -> Self {
        use toolkit::Error as E;
        let kind = match &error {
            E::UnknownStack { .. }
            | E::UnknownParameter { .. }
            | E::MissingParameter { .. }
            | E::NotSelected { .. }
            | E::UnknownResource { .. }
            | E::AmbiguousResource { .. }
            | E::InvalidPlan { .. }
            | E::SecretInPlan { .. } => Kind::Usage,
            E::Stopped { .. } => Kind::Interrupted,
            E::Declined { .. } => Kind::Declined,
            _ => Kind::Failed,
        };
        Self { hints: error.hints(), ..Self::new(kind, error.to_string()) }
    }
}

impl From<pipeline::Error> for Error {
    fn from(error: pipeline::Error) -> Self {
        use pipeline::Error as E;
        let kind = match &error {
            E::NotAFile { .. }
            | E::NoKey { .. }
            | E::KeyLength { .. }
            | E::KeyCharacter { .. }
            | E::KeyLeadsOut { .. }
            | E::ResultKeyLength { .. }
            | E::Suffix { .. }
            | E::StandardOutput
            | E::NoFolder { .. }
            | E::NotReplaceable { .. }
            | E::ReplacesSource { .. }
            | E::Ambiguous { .. } => Kind::Usage,
            _ => Kind::Failed,
        };
        Self { hints: error.hints(), ..Self::new(kind, error.to_string()) }
    }
}

impl From<pipeline::commands::Error> for Error {
    fn from(error: pipeline::commands::Error) -> Self {
        use pipeline::commands::Error as E;
        let kind = match &error {
            E::UnknownDocument { .. } | E::Parameters { .. } => Kind::Usage,
            _ => Kind::Failed,
        };
        Self { hints: error.hints(), ..Self::new(kind, error.to_string()) }
    }
}

impl From<local::Error> for Error {
    fn from(error: local::Error) -> Self {
        let mut own = Self::new(Kind::Failed, error.to_string());
        own.hints.extend(error.hint());
        own
    }
}

impl From<stacks::environment::EnvironmentError> for Error {
    fn from(error: stacks::environment::EnvironmentError) -> Self {
        use stacks::environment::EnvironmentError as E;
        match error {
            E::Invalid(findings) => Self { findings, ..Self::usage("") },
            other => Self::usage(other.to_string()),
        }
    }
}

impl From<cloud::Error> for Error {
    fn from(error: cloud::Error) -> Self {
        toolkit::Error::from(error).into()
    }
}

impl From<toolkit::WriteError> for Error {
    fn from(error: toolkit::WriteError) -> Self {
        let own = Self::new(Kind::Failed, error.to_string());
        match error {
            toolkit::WriteError::ForeignManifest { .. } => own.hint("choose another folder with `--out`"),
            toolkit::WriteError::File { .. } => own,
        }
    }
}

impl From<baleen_agent::Error> for Error {
    fn from(error: baleen_agent::Error) -> Self {
        match error {
            baleen_agent::Error::Nameless => Self::usage(error.to_string()),
            baleen_agent::Error::Cloud(error) => error.into(),
            error => Self::new(Kind::Failed, error.to_string()),
        }
    }
}

/// Only writing to standard output fails like this; everything else says which file.
impl From<std::io::Error> for Error {
    fn from(error: std::io::Error) -> Self {
        match error.kind() {
            std::io::ErrorKind::BrokenPipe => Self::new(Kind::Silent, ""),
            _ => Self::new(Kind::Failed, format!("cannot write to standard output: {error}")),
        }
    }
}
