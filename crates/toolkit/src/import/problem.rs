//! Why a resource cannot be taken over.

use std::fmt;

/// Why a resource cannot be taken over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ImportProblem {
    /// The stack's file does not declare it.
    NotDeclared {
        /// The resources that it declares, and that are not there yet.
        candidates: Vec<String>,
    },
    /// It is named twice.
    Twice,
    /// The stack has it already, with this name in its service.
    AlreadyThere {
        /// The name in its service.
        physical_id: Option<String>,
    },
    /// CloudFormation cannot read resources of the type, so it cannot take them over.
    NotImportable {
        /// The type.
        resource_type: String,
    },
    /// What was given does not identify a resource of the type.
    Identifier {
        /// The type.
        resource_type: String,
        /// The properties that identify one.
        properties: Vec<String>,
        /// What was given.
        given: String,
    },
    /// The template gives it another name.
    OtherName {
        /// The property.
        property: String,
        /// What the template says.
        declared: String,
        /// What was given.
        given: String,
    },
    /// It refers to something that is not deployed yet, and is not taken over with it.
    Needs {
        /// The other resource.
        logical_id: String,
    },
}

impl fmt::Display for ImportProblem {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotDeclared { .. } => formatter.write_str("the stack does not declare it"),
            Self::Twice => formatter.write_str("it is named twice"),
            Self::AlreadyThere { physical_id: Some(physical_id) } => {
                write!(formatter, "the stack has it already: it is {physical_id}")
            }
            Self::AlreadyThere { physical_id: None } => formatter.write_str("the stack has it already"),
            Self::NotImportable { resource_type } => {
                write!(
                    formatter,
                    "CloudFormation cannot take over an {resource_type}: its type has no handler that reads"
                )
            }
            Self::Identifier { resource_type, properties, given } => {
                write!(
                    formatter,
                    "`{given}` does not identify an {resource_type}: that takes {}",
                    properties.join(" and ")
                )
            }
            Self::OtherName { property, declared, given } => {
                write!(formatter, "`{property}` is `{declared}` in the template, and `{given}` was given")
            }
            Self::Needs { logical_id } => {
                write!(formatter, "it refers to `{logical_id}`, which is not deployed yet and not taken over with it")
            }
        }
    }
}

impl ImportProblem {
    /// Says what to do about it.
    pub(crate) fn hint(&self, stack: &str, logical_id: &str) -> String {
        match self {
            Self::NotDeclared { candidates } if candidates.is_empty() => {
                format!("declare it in the stack's file first: everything that `{stack}` declares is deployed")
            }
            Self::NotDeclared { candidates } => {
                format!(
                    "declare it in the stack's file first; declared and not deployed yet are {}",
                    candidates.join(", ")
                )
            }
            Self::Twice => "name each resource once".to_owned(),
            Self::AlreadyThere { .. } => {
                format!(
                    "`baleen drift {stack}` says how it differs from the template, `baleen deploy {stack}` changes it"
                )
            }
            Self::NotImportable { .. } => {
                "let CloudFormation make it anew, or leave it outside and give its name to the stacks that use it"
                    .to_owned()
            }
            Self::Identifier { properties, .. } => match properties.as_slice() {
                [property] => format!("write `{logical_id}=VALUE`, the value of its `{property}`"),
                properties => {
                    let pairs: Vec<_> = properties.iter().map(|property| format!("{property}=VALUE")).collect();
                    format!("write `{logical_id}={}`", pairs.join(","))
                }
            },
            Self::OtherName { property, .. } => {
                format!("give the resource in the template the `{property}` that it has, or take over the other one")
            }
            Self::Needs { logical_id: other } => {
                format!("take that over too (`{other}=IDENTIFIER`), or deploy `{stack}` without `{logical_id}` first")
            }
        }
    }
}
