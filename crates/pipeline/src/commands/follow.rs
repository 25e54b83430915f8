use std::collections::BTreeMap;
use std::time::Duration;

use cloud::commands::{CommandStatus, Invocation, InvocationResult, STDERR_CHARACTERS, STDOUT_CHARACTERS};
use cloud::{Cloud, ErrorKind};
use serde::Serialize;
use tokio::time::Instant;

use super::event::watch;
use super::{Error, Event, Events};
use crate::call::{Patience, Pause};

/// How long Systems Manager may take to know of a command that was sent, and of the output of one that has ended.
const APPEARS_WITHIN: Duration = Duration::from_mins(1);

/// How a command ended on an instance.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Outcome {
    /// The id of the instance.
    pub instance: String,
    /// Whether it ended well.
    pub succeeded: bool,
    /// How it ended, in Systems Manager's words: `Success`, `Failed`, `Delivery Timed Out`.
    pub status: String,
    /// Its exit code; `None` if it never began.
    pub exit_code: Option<i32>,
    /// When it began.
    pub started: Option<String>,
    /// When it ended.
    pub ended: Option<String>,
    /// Its standard output, or the beginning of it.
    pub stdout: String,
    /// Its standard error, or the beginning of it.
    pub stderr: String,
    /// Whether there was more standard output than Systems Manager returns.
    pub stdout_is_cut: bool,
    /// Whether there was more standard error than Systems Manager returns.
    pub stderr_is_cut: bool,
    /// Where all of it is, if it is kept.
    pub rest: Option<Rest>,
}

/// Where all that a command said is kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Rest {
    /// The log group.
    pub log_group: String,
    /// How its log streams begin.
    pub log_stream_prefix: String,
}

/// Follows a command until it has ended on every instance, and returns how, by instance.
///
/// `expected` are the ids of its instances, if they are known. The command does not need to be followed: it goes on by
/// itself.
pub async fn follow(
    cloud: &Cloud,
    command: &str,
    expected: &[String],
    patience: Duration,
    events: &dyn Events,
) -> Result<Vec<Outcome>, Error> {
    let watch = watch(events);
    let patience = Patience { limit: patience, events: &watch };
    let follow = Follow { cloud, command, patience };
    let lost = |error| Error::Lost { command: command.to_owned(), error };
    let ends = follow.to_the_end(expected, events).await.map_err(lost)?;
    if ends.is_empty() {
        return Err(Error::NoSuchCommand { command: command.to_owned() });
    }
    let mut outcomes = Vec::new();
    for invocation in ends.values() {
        let result = follow.result(invocation).await.map_err(lost)?;
        outcomes.push(outcome(command, invocation, result));
    }
    let never_listed = expected.iter().filter(|instance| !ends.contains_key(*instance));
    outcomes.extend(never_listed.map(|instance| unknown(instance)));
    outcomes.sort_by(|one, other| one.instance.cmp(&other.instance));
    Ok(outcomes)
}

struct Follow<'a> {
    cloud: &'a Cloud,
    command: &'a str,
    patience: Patience<'a>,
}

impl Follow<'_> {
    /// Looks again and again until nothing will change any more; returns the last look.
    async fn to_the_end(
        &self,
        expected: &[String],
        events: &dyn Events,
    ) -> cloud::Result<BTreeMap<String, Invocation>> {
        let mut last: BTreeMap<String, Invocation> = BTreeMap::new();
        let began = Instant::now();
        let mut pause = Pause::default();
        loop {
            for invocation in self.look().await? {
                let before = last.get(&invocation.instance);
                if before.is_none_or(|before| before.status_details != invocation.status_details) {
                    events.event(Event::Status {
                        instance: invocation.instance.clone(),
                        status: invocation.status_details.clone(),
                        is_final: invocation.status.is_final(),
                    });
                }
                last.insert(invocation.instance.clone(), invocation);
            }
            let is_listed = !last.is_empty() && expected.iter().all(|instance| last.contains_key(instance));
            let has_ended = last.values().all(|invocation| invocation.status.is_final());
            if has_ended && (is_listed || began.elapsed() >= APPEARS_WITHIN) {
                return Ok(last);
            }
            pause.wait().await;
        }
    }

    /// Just after sending, Systems Manager may not know of the command.
    async fn look(&self) -> cloud::Result<Vec<Invocation>> {
        match self.patience.call(async || self.cloud.commands.list_invocations(self.command).await).await {
            Err(error) if error.kind == ErrorKind::NotFound => Ok(Vec::new()),
            answer => answer,
        }
    }

    /// Reads what a command said that has ended. The list may know of its end earlier than this call does.
    async fn result(&self, invocation: &Invocation) -> cloud::Result<Option<InvocationResult>> {
        let began = Instant::now();
        let mut pause = Pause::default();
        loop {
            let call = async || self.cloud.commands.invocation(self.command, &invocation.instance).await;
            let result = match self.patience.call(call).await {
                Err(error) if error.kind == ErrorKind::NotFound => None,
                answer => Some(answer?),
            };
            let has_ended = result.as_ref().is_some_and(|result| result.status.is_final());
            if has_ended || began.elapsed() >= APPEARS_WITHIN {
                return Ok(result);
            }
            pause.wait().await;
        }
    }
}

fn outcome(command: &str, invocation: &Invocation, result: Option<InvocationResult>) -> Outcome {
    // "Configuring Amazon CloudWatch Logs for Run Command": `command/instance/plugin/stdout`.
    let rest = invocation.log_group.as_ref().map(|group| Rest {
        log_group: group.clone(),
        log_stream_prefix: format!("{command}/{}/", invocation.instance),
    });
    let outcome = Outcome {
        instance: invocation.instance.clone(),
        succeeded: invocation.status == CommandStatus::Success,
        status: invocation.status_details.clone(),
        rest,
        ..unknown(&invocation.instance)
    };
    let Some(result) = result else { return outcome };
    Outcome {
        exit_code: result.exit_code,
        started: result.started.map(|time| time.to_string()),
        ended: result.ended.map(|time| time.to_string()),
        stdout_is_cut: is_cut(&result.stdout, STDOUT_CHARACTERS),
        stderr_is_cut: is_cut(&result.stderr, STDERR_CHARACTERS),
        stdout: result.stdout,
        stderr: result.stderr,
        ..outcome
    }
}

/// Says whether there may have been more: the SSM agent marks what it cuts.
fn is_cut(text: &str, limit: usize) -> bool {
    let end = text.trim_end();
    end.ends_with("--output truncated--") || end.ends_with("--error truncated--") || text.chars().count() >= limit
}

/// The outcome of a command that Systems Manager knows nothing of.
fn unknown(instance: &str) -> Outcome {
    Outcome {
        instance: instance.to_owned(),
        succeeded: false,
        status: "not listed by Systems Manager".to_owned(),
        exit_code: None,
        started: None,
        ended: None,
        stdout: String::new(),
        stderr: String::new(),
        stdout_is_cut: false,
        stderr_is_cut: false,
        rest: None,
    }
}
