//! Who is told of jobs and alarms.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::rules::Problem;

/// Who is told of jobs and alarms: addresses that get a mail, each of which must confirm once.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Notifications {
    /// Who is told of each job that is done.
    pub done: Vec<String>,
    /// Who is told of each job that failed or was cancelled.
    pub failed: Vec<String>,
    /// Who is told of alarms, and of what is spent.
    pub alarms: Vec<String>,
}

impl Notifications {
    /// Collects what is wrong with the section.
    pub(super) fn problems(&self, problems: &mut Vec<Problem>) {
        let lists = [
            ("notifications.done", &self.done),
            ("notifications.failed", &self.failed),
            ("notifications.alarms", &self.alarms),
        ];
        for (key, addresses) in lists {
            for address in addresses.iter().filter(|address| !is_address(address)) {
                let message = format!("`{address}` is no mail address");
                problems.push(Problem { keys: vec![key], message, hint: None });
            }
        }
    }
}

fn is_address(text: &str) -> bool {
    text.split_once('@').is_some_and(|(user, host)| !user.is_empty() && !host.is_empty())
}
