use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use cloud::commands::{CommandRequest, Instance, Instances, PingStatus};
use cloud::{Cloud, ErrorKind};
use serde::Serialize;

use super::event::watch;
use super::{Document, Error, Event, Events};
use crate::call::Patience;

/// The oldest SSM agent that hands on parameters as environment variables ("Writing SSM document content", Systems
/// Manager user guide). Older ones would run a script without them.
pub const OLDEST_AGENT: &str = "3.3.2746.0";

/// How many instances one command takes by their ids (API reference, `SendCommand`).
const MOST_INSTANCES: usize = 50;

/// How long a command may wait for its instance. They are online: one that does not begin by then is gone.
const DELIVERY_TIMEOUT: Duration = Duration::from_mins(10);

/// What to run, and where.
#[derive(Clone, Debug, PartialEq)]
pub struct Target {
    /// The document, with its name in Systems Manager.
    pub document: Document,
    /// A version of it; `None` for its default one.
    pub document_version: Option<String>,
    /// The values of its parameters, as [`values`](super::values) returns them.
    pub parameters: BTreeMap<String, Vec<String>>,
    /// The instances.
    pub instances: Instances,
    /// The log group that keeps what it says.
    pub log_group: Option<String>,
    /// What others see of it.
    pub comment: String,
}

/// A command that was sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Sent {
    /// Its id.
    pub command: String,
    /// The ids of its instances.
    pub instances: Vec<String>,
    /// The ids of instances that have the tags, but are not online: they did not get it.
    pub left_out: Vec<String>,
}

/// Sends a command to instances that can run it, or to none.
///
/// Tags are looked up first, and the command goes to the instances found: those, and no others, were checked.
pub async fn send(cloud: &Cloud, target: &Target, patience: Duration, events: &dyn Events) -> Result<Sent, Error> {
    let watch = watch(events);
    let patience = Patience { limit: patience, events: &watch };
    let found = find(cloud, &target.instances, patience).await?;
    let (online, offline): (Vec<_>, Vec<_>) =
        found.into_iter().partition(|instance| instance.ping_status == PingStatus::Online);
    if online.is_empty() || (!offline.is_empty() && matches!(target.instances, Instances::Ids(_))) {
        return Err(Error::Offline { instances: offline.iter().map(last_heard_of).collect() });
    }
    if target.document.needs_variables() {
        refuse_old(&online)?;
    }
    if online.len() > MOST_INSTANCES {
        return Err(Error::TooMany { count: online.len(), most: MOST_INSTANCES });
    }
    for Instance { id, last_ping, .. } in &offline {
        events.event(Event::LeftOut { instance: id.clone(), last_ping: last_ping.map(|time| time.to_string()) });
    }

    let ids = |instances: Vec<Instance>| instances.into_iter().map(|instance| instance.id).collect::<Vec<_>>();
    let instances = ids(online);
    let command = send_once(cloud, target, &instances, patience, events).await?;
    events.event(Event::Sent { command: command.clone(), instances: instances.clone() });
    Ok(Sent { command, instances, left_out: ids(offline) })
}

/// Finds the instances that are meant, by their ids in order. There is at least one.
async fn find(cloud: &Cloud, which: &Instances, patience: Patience<'_>) -> Result<Vec<Instance>, Error> {
    let which = match which {
        Instances::Ids(ids) => {
            let ids: BTreeSet<_> = ids.iter().cloned().collect();
            if ids.len() > MOST_INSTANCES {
                return Err(Error::TooMany { count: ids.len(), most: MOST_INSTANCES });
            }
            Instances::Ids(ids.into_iter().collect())
        }
        Instances::Tags(tags) => Instances::Tags(tags.clone()),
    };
    let mut found = patience.call(async || cloud.commands.instances(&which).await).await?;
    found.sort_by(|one, other| one.id.cmp(&other.id));
    match &which {
        Instances::Ids(ids) => {
            let is_found = |id: &&String| found.iter().any(|instance| instance.id == **id);
            let missing: Vec<_> = ids.iter().filter(|id| !is_found(id)).cloned().collect();
            if !missing.is_empty() {
                return Err(Error::NotManaged { instances: missing });
            }
        }
        Instances::Tags(tags) if found.is_empty() => {
            return Err(Error::NoInstance { tags: tags.iter().map(|(key, value)| format!("{key}={value}")).collect() });
        }
        Instances::Tags(_) => {}
    }
    Ok(found)
}

fn last_heard_of(instance: &Instance) -> String {
    match instance.last_ping {
        Some(time) => format!("{} (last heard of {time})", instance.id),
        None => instance.id.clone(),
    }
}

fn refuse_old(instances: &[Instance]) -> Result<(), Error> {
    let oldest = pieces(OLDEST_AGENT);
    let old = instances.iter().filter(|instance| {
        let version = pieces(&instance.agent_version);
        // One that cannot be read is not known to be new enough.
        version.is_none() || version < oldest
    });
    let old: Vec<_> = old.map(|instance| format!("{} ({})", instance.id, instance.agent_version)).collect();
    if old.is_empty() { Ok(()) } else { Err(Error::OldAgents { instances: old }) }
}

fn pieces(version: &str) -> Option<Vec<u64>> {
    version.split('.').map(|piece| piece.parse().ok()).collect()
}

/// Sends the command, again only while it is certain that it was not sent.
async fn send_once(
    cloud: &Cloud,
    target: &Target,
    instances: &[String],
    patience: Patience<'_>,
    events: &dyn Events,
) -> Result<String, Error> {
    let document = target.document.name.clone().unwrap_or_else(|| target.document.logical_id.clone());
    let request = CommandRequest {
        document: document.clone(),
        document_version: target.document_version.clone(),
        instances: instances.to_vec(),
        parameters: target.parameters.clone(),
        delivery_timeout: Some(DELIVERY_TIMEOUT),
        log_group: target.log_group.clone(),
        comment: Some(target.comment.clone()),
    };
    events.event(Event::Sending { document: document.clone() });
    // What may be tried again is wrapped as a failure of the call, everything else as its answer.
    let answer = patience.call(async || match cloud.commands.send_command(&request).await {
        Err(error) if matches!(error.kind, ErrorKind::Throttled | ErrorKind::Unreachable) => Err(error),
        answer => Ok(answer),
    });
    match answer.await? {
        Err(error) if error.may_have_taken_effect() => Err(Error::SentOrNot { document, error }),
        answer => Ok(answer?),
    }
}
