use super::send::OLDEST_AGENT;

/// Why a command could not be sent, or not be followed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The stack of the commands is not there.
    #[error("stack {stack} is not deployed")]
    NotDeployed {
        /// The stack's name.
        stack: String,
    },
    /// There is no such document.
    #[error("there is no document `{given}`; there are {}", known.join(", "))]
    UnknownDocument {
        /// What was given.
        given: String,
        /// The documents that there are.
        known: Vec<String>,
    },
    /// Values of parameters are wrong or missing.
    #[error("{document}: {}", list(mistakes))]
    Parameters {
        /// The document.
        document: String,
        /// What is wrong, all of it.
        mistakes: Vec<String>,
    },
    /// No instance has the tags.
    #[error("Systems Manager manages no instance with the tags {}", tags.join(", "))]
    NoInstance {
        /// The tags.
        tags: Vec<String>,
    },
    /// Systems Manager does not know the instances.
    #[error("Systems Manager does not manage {}", instances.join(", "))]
    NotManaged {
        /// Their ids.
        instances: Vec<String>,
    },
    /// The SSM agents of the instances are not heard of.
    #[error("not online: {}", instances.join(", "))]
    Offline {
        /// Their ids, and when they were heard of last.
        instances: Vec<String>,
    },
    /// The SSM agents of the instances are too old.
    #[error(
        "the SSM agent is older than {OLDEST_AGENT} on {}: it does not hand on parameters as environment variables, and \
         nothing else keeps a value from becoming a command",
        instances.join(", ")
    )]
    OldAgents {
        /// Their ids and versions.
        instances: Vec<String>,
    },
    /// More instances than one command takes.
    #[error("{count} instances are too many for one command; allowed are {most}")]
    TooMany {
        /// How many there are.
        count: usize,
        /// How many are allowed.
        most: usize,
    },
    /// The answer was lost: nobody knows whether the command runs.
    #[error("{document} may have been sent, or not: {error}")]
    SentOrNot {
        /// The name of the document.
        document: String,
        /// What happened.
        #[source]
        error: cloud::Error,
    },
    /// There is no such command, or its instances are not listed.
    #[error("Systems Manager does not know command {command}")]
    NoSuchCommand {
        /// Its id.
        command: String,
    },
    /// The command was sent, and can no longer be followed.
    #[error("lost sight of command {command}: {error}")]
    Lost {
        /// Its id.
        command: String,
        /// What happened.
        #[source]
        error: cloud::Error,
    },
    /// A call failed, and nothing was sent.
    #[error(transparent)]
    Cloud(#[from] cloud::Error),
}

impl Error {
    /// Returns what to do about it, most useful first.
    pub fn hints(&self) -> Vec<String> {
        let hint = match self {
            Self::NotDeployed { .. } => "deploy it first: `baleen deploy commands`".to_owned(),
            Self::UnknownDocument { .. } => "`baleen command list` shows what each does".to_owned(),
            Self::Parameters { document, .. } => {
                format!("`baleen command list {document}` shows its parameters; nothing was sent")
            }
            Self::NoInstance { .. } | Self::NotManaged { .. } => {
                "an instance is managed once its SSM agent has reported: it needs the agent, a role that allows it, and a \
                 way to Systems Manager's endpoints"
                    .to_owned()
            }
            Self::Offline { .. } => {
                "nothing was sent; an instance that is stopped or gone, or whose network is cut, is not online".to_owned()
            }
            Self::OldAgents { .. } => {
                "nothing was sent; update it (`AWS-UpdateSSMAgent`), or start instances from a newer image".to_owned()
            }
            Self::TooMany { .. } => "name fewer instances, or a tag that fewer have".to_owned(),
            Self::SentOrNot { .. } => {
                "look before sending it again: `aws ssm list-commands --max-items 5` shows the newest".to_owned()
            }
            Self::NoSuchCommand { .. } => {
                "commands are known for 30 days, in the region and account that they were sent in".to_owned()
            }
            Self::Lost { command, .. } => {
                format!("it goes on by itself; follow it again: `baleen command follow {command}`")
            }
            Self::Cloud(_) => return Vec::new(),
        };
        vec![hint]
    }
}

/// One mistake stands behind the colon, several stand below it.
fn list(mistakes: &[String]) -> String {
    match mistakes {
        [one] => one.clone(),
        several => several.iter().fold(format!("{} mistakes", several.len()), |text, mistake| text + "\n  " + mistake),
    }
}
