//! One form for what every tool finds: which rule, and where.

use std::collections::BTreeMap;
use std::fmt;

use serde::Deserialize;

/// What was found, and what its tool says about it; the words are for people and are not compared.
pub type Findings = BTreeMap<Finding, String>;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Tool {
    CfnLint,
    Checkov,
    Parliament,
}

impl fmt::Display for Tool {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::CfnLint => "cfn-lint",
            Self::Checkov => "checkov",
            Self::Parliament => "parliament",
        })
    }
}

/// A rule of a tool that is broken at a place.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Finding {
    pub tool: Tool,
    pub rule: String,
    pub place: Place,
}

impl fmt::Display for Finding {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} {} {}", self.tool, self.rule, self.place)
    }
}

/// Where a finding is, written `environment/stack/LogicalId` or `environment/stack/LogicalId: detail`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    pub environment: String,
    pub stack: String,
    /// What declares it; `Parameters.Name`, `Outputs.Name` or `Template` for what is no resource.
    pub logical_id: String,
    /// What tells several findings of one rule in one resource apart: an action, a property.
    pub detail: Option<String>,
}

impl fmt::Display for Place {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}/{}/{}", self.environment, self.stack, self.logical_id)?;
        match &self.detail {
            Some(detail) => write!(formatter, ": {detail}"),
            None => Ok(()),
        }
    }
}

impl Place {
    /// Reads a place, or a pattern of places, as it is written.
    pub fn parse(text: &str) -> Option<Self> {
        let (path, detail) = match text.split_once(": ") {
            Some((path, detail)) => (path, Some(detail.to_owned())),
            None => (text, None),
        };
        let mut parts = path.split('/').map(str::to_owned);
        let (environment, stack, logical_id) = (parts.next()?, parts.next()?, parts.next()?);
        let whole = parts.next().is_none() && ![&environment, &stack, &logical_id].iter().any(|part| part.is_empty());
        whole.then_some(Self { environment, stack, logical_id, detail })
    }

    /// Tells whether this pattern names a place: `*` stands for anything, in the environment and the stack alone.
    pub fn matches(&self, place: &Self) -> bool {
        matches(&self.environment, &place.environment)
            && matches(&self.stack, &place.stack)
            && self.logical_id == place.logical_id
            && self.detail == place.detail
    }
}

fn matches(pattern: &str, text: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == text,
        Some((start, rest)) => text.strip_prefix(start).is_some_and(|text| {
            text.char_indices().map(|(at, _)| at).chain([text.len()]).any(|at| matches(rest, &text[at..]))
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(text: &str) -> Place {
        Place::parse(text).unwrap_or_else(|| panic!("{text}"))
    }

    #[test]
    fn places_read_as_they_are_written() {
        for text in ["dev/storage/Logs", "*/fleet-*/WorkerRole: ec2:DescribeInstances"] {
            assert_eq!(place(text).to_string(), text);
        }
        for text in ["dev/storage", "dev/storage/Logs/more", "dev//Logs", ""] {
            assert_eq!(Place::parse(text), None, "{text}");
        }
    }

    #[test]
    fn a_star_stands_for_any_environment_and_stack() {
        let found = place("prod/fleet-blue/Role: s3:GetObject");
        for pattern in ["*/fleet-blue", "prod/fleet-*", "*/*", "p*d/f*-b*e"] {
            assert!(place(&format!("{pattern}/Role: s3:GetObject")).matches(&found), "{pattern}");
        }
        for pattern in ["dev/fleet-blue", "prod/fleet-*-blue", "*/fleet"] {
            assert!(!place(&format!("{pattern}/Role: s3:GetObject")).matches(&found), "{pattern}");
        }
    }

    #[test]
    fn a_pattern_names_its_resource_and_its_detail_exactly() {
        let found = place("prod/fleet-blue/Role: s3:GetObject");
        for pattern in ["*/*/*: s3:GetObject", "*/*/Role: s3:*", "*/*/Role", "*/*/Roles: s3:GetObject"] {
            assert!(!place(pattern).matches(&found), "{pattern}");
        }
    }
}
