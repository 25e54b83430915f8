use std::fmt;

use serde::Serialize;

use crate::{Origin, Path};

/// Something that is wrong, or may be, at one place of a template.
#[derive(Clone, Debug, PartialEq)]
pub struct Finding {
    /// The id of the rule that found it, such as `reference/unknown`.
    pub rule: &'static str,
    /// How much it matters.
    pub severity: Severity,
    /// What is wrong, which value was given and what is allowed; lowercase, no final full stop.
    pub message: String,
    /// What to do about it.
    pub hint: Option<String>,
    /// The stack's name, or the path of the template's file.
    pub template: String,
    /// The logical id, if the place is inside a resource.
    pub resource: Option<String>,
    /// The way to the place inside the template.
    pub path: Path,
    /// Where the author wrote it.
    pub origin: Origin,
}

/// How much a finding matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Cannot work: nothing is deployed.
    Error,
    /// Works, but probably not as meant.
    Warning,
    /// Worth knowing.
    Info,
}

impl Finding {
    /// Makes an error at a place of a template; the resource is read off the path.
    pub fn error(
        rule: &'static str,
        template: impl Into<String>,
        path: Path,
        origin: Origin,
        message: impl Into<String>,
    ) -> Self {
        let resource = match path.segments() {
            [crate::Segment::Key(section), crate::Segment::Key(id), ..] if section == "Resources" => Some(id.clone()),
            _ => None,
        };
        Self {
            rule,
            severity: Severity::Error,
            message: message.into(),
            hint: None,
            template: template.into(),
            resource,
            path,
            origin,
        }
    }

    /// Makes a warning at a place of a template.
    pub fn warning(
        rule: &'static str,
        template: impl Into<String>,
        path: Path,
        origin: Origin,
        message: impl Into<String>,
    ) -> Self {
        Self { severity: Severity::Warning, ..Self::error(rule, template, path, origin, message) }
    }

    /// Adds what to do about it.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Info => "info",
        })
    }
}

/// `error[reference/unknown]: … (storage, Resources/Sources/Properties/Tags, stacks/storage.rs:12)`
impl fmt::Display for Finding {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}[{}]: {} ({}", self.severity, self.rule, self.message, self.template)?;
        if !self.path.segments().is_empty() {
            write!(formatter, ", {}", self.path)?;
        }
        if self.origin != Origin::Unknown {
            write!(formatter, ", {}", self.origin)?;
        }
        formatter.write_str(")")
    }
}
