//! Lists what the artifact bucket holds, with what uses it, and removes what nothing uses any more.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use cloud::Cloud;
use cloud::cloud_formation::{ExecutionStatus, StackStatus, StackSummary};
use cloud::objects::{ObjectSummary, ObjectVersion};
use jiff::Timestamp;
use serde::Serialize;
use template::Assembly;

use super::Artifacts;
use crate::call::Context;
use crate::write::sha256;
use crate::{Error, Patience, event, preflight, selection};

/// How many hexadecimal digits a SHA-256 has.
const DIGITS: usize = 64;

/// What the artifact bucket holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Stored {
    /// The bucket; `None` if it is not there yet.
    pub bucket: Option<String>,
    /// The artifacts, by key. Objects whose key names no SHA-256 were not made by deploying, and are left out.
    pub artifacts: Vec<StoredArtifact>,
}

/// An artifact in the bucket.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct StoredArtifact {
    /// Its key.
    pub key: String,
    /// The SHA-256 that the key names.
    pub sha256: String,
    /// Its length.
    pub bytes: u64,
    /// When it was uploaded, as RFC 3339 writes it.
    pub uploaded: Option<String>,
    /// What uses it, such as ``stack `fleet-blue` ``; empty if nothing does.
    pub used_by: Vec<String>,
}

/// Which artifacts may be removed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PruneOptions {
    /// How long ago they must have been uploaded: what is younger may belong to a deployment that has just begun.
    pub older_than: Duration,
    /// The time that it is.
    pub now: Timestamp,
    /// Whether nothing is removed, and only said what would be.
    pub dry_run: bool,
}

/// What was removed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Pruned {
    /// The bucket; `None` if it is not there.
    pub bucket: Option<String>,
    /// The artifacts that were removed, or would be.
    pub removed: Vec<StoredArtifact>,
    /// The artifacts that stay, because something uses them or because they are young.
    pub kept: Vec<StoredArtifact>,
}

/// Lists what the artifact bucket holds of an environment, with what uses each.
pub async fn artifacts(
    assembly: &Assembly,
    artifacts: &Artifacts,
    cloud: &Cloud,
    patience: Patience,
) -> Result<Stored, Error> {
    let context = Context { cloud, events: &event::silent, patience, run: "" };
    preflight::verify(&context, assembly).await?;
    let Some(bucket) = bucket(&context, assembly, artifacts).await? else {
        return Ok(Stored { bucket: None, artifacts: Vec::new() });
    };
    // What is uploaded while the stacks are read is not in the list, and so is not taken for unused.
    let objects = context.call(async || cloud.objects.list(&bucket, "").await).await?;
    let uses = Uses::read(&context, assembly).await?;
    let artifacts = objects.into_iter().filter_map(|object| uses.artifact(object)).collect();
    Ok(Stored { bucket: Some(bucket), artifacts })
}

/// Removes the artifacts of an environment that nothing uses any more: no deployed stack, and no change set that can still be
/// executed. In a versioned bucket, its lifecycle removes them for good.
///
/// While a stack is being changed, nothing is removed: if that fails, it goes back to what only CloudFormation knows.
pub async fn prune(
    assembly: &Assembly,
    place: &Artifacts,
    cloud: &Cloud,
    options: &PruneOptions,
    patience: Patience,
) -> Result<Pruned, Error> {
    let context = Context { cloud, events: &event::silent, patience, run: "" };
    let stored = artifacts(assembly, place, cloud, patience).await?;
    let is_old = |artifact: &StoredArtifact| {
        let uploaded = artifact.uploaded.as_deref().and_then(|time| time.parse::<Timestamp>().ok());
        uploaded.is_some_and(|uploaded| {
            let age = options.now.as_second().saturating_sub(uploaded.as_second());
            u64::try_from(age).is_ok_and(|age| age >= options.older_than.as_secs())
        })
    };
    let (removed, kept): (Vec<_>, Vec<_>) =
        stored.artifacts.into_iter().partition(|artifact| artifact.used_by.is_empty() && is_old(artifact));
    if let Some(bucket) = stored.bucket.as_ref().filter(|_| !options.dry_run) {
        for artifact in &removed {
            let target = ObjectVersion::newest(bucket, &artifact.key);
            context.call(async || cloud.objects.delete(&target).await).await?;
        }
    }
    Ok(Pruned { bucket: stored.bucket, removed, kept })
}

async fn bucket(context: &Context<'_>, assembly: &Assembly, artifacts: &Artifacts) -> Result<Option<String>, Error> {
    let Some(stack) = assembly.stack(&artifacts.stack) else {
        return Err(selection::unknown_stack(assembly, &artifacts.stack));
    };
    let name = stack.stack_name.as_str();
    let description = context.call(async || context.cloud.cloud_formation.describe_stack(name).await).await?;
    Ok(description.and_then(|description| description.output(&artifacts.output).map(str::to_owned)))
}

/// What the environment's stacks use.
#[derive(Default)]
struct Uses {
    /// By SHA-256, what names it.
    by_sha256: BTreeMap<String, BTreeSet<String>>,
    /// The stacks that have a change set that can still be executed, by the part of a key that is theirs.
    pending: BTreeMap<String, String>,
}

impl Uses {
    async fn read(context: &Context<'_>, assembly: &Assembly) -> Result<Self, Error> {
        let cloud_formation = &context.cloud.cloud_formation;
        // Also those that the app no longer has.
        let prefix = format!("{}-{}-", assembly.app, assembly.environment);
        let stacks = context.call(async || cloud_formation.list_stacks(&prefix).await).await?;
        let mut uses = Self::default();
        for stack in stacks {
            uses.of_stack(context, &prefix, &stack).await?;
        }
        Ok(uses)
    }

    async fn of_stack(&mut self, context: &Context<'_>, prefix: &str, stack: &StackSummary) -> Result<(), Error> {
        let cloud_formation = &context.cloud.cloud_formation;
        let name = stack.name.as_str();
        let short = name.strip_prefix(prefix).unwrap_or(name);
        if stack.status.is_in_progress() && stack.status != StackStatus::ReviewInProgress {
            return Err(Error::ArtifactsInUse { stack: short.to_owned(), status: stack.status.to_string() });
        }
        let used_by = format!("stack `{short}`");
        if stack.status != StackStatus::ReviewInProgress {
            let description = context.call(async || cloud_formation.describe_stack(name).await).await?;
            let Some(description) = description else { return Ok(()) };
            let template = context.call(async || cloud_formation.template(name).await).await?;
            self.add(sha256(template.as_bytes()), &used_by);
            self.add_all(&template, &used_by);
            description.parameters.values().for_each(|value| self.add_all(value, &used_by));
        }
        let change_sets = context.call(async || cloud_formation.change_sets(name).await).await?;
        // The stack goes on showing its old status for a moment.
        if change_sets.iter().any(|one| one.execution_status == ExecutionStatus::InProgress) {
            let status = ExecutionStatus::InProgress.to_string();
            return Err(Error::ArtifactsInUse { stack: short.to_owned(), status });
        }
        for change_set in change_sets.iter().filter(|one| one.execution_status == ExecutionStatus::Available) {
            let used_by = format!("change set `{}` of stack `{short}`", change_set.name);
            let described = async || cloud_formation.describe_change_set(name, &change_set.name).await;
            let described = context.call(described).await?;
            described.parameters.values().for_each(|value| self.add_all(value, &used_by));
            self.pending.insert(format!("/{short}/"), used_by);
        }
        Ok(())
    }

    fn add(&mut self, sha256: String, used_by: &str) {
        self.by_sha256.entry(sha256).or_default().insert(used_by.to_owned());
    }

    /// Adds everything in a text that looks like a SHA-256.
    fn add_all(&mut self, text: &str, used_by: &str) {
        digests(text).for_each(|sha256| self.add(sha256.to_owned(), used_by));
    }

    /// Describes an object; `None` if it is no artifact.
    fn artifact(&self, object: ObjectSummary) -> Option<StoredArtifact> {
        let sha256 = digests(&object.key).next()?.to_owned();
        let mut used_by = self.by_sha256.get(&sha256).cloned().unwrap_or_default();
        // Which template a change set has, only CloudFormation knows: all of its stack stay.
        let pending = self.pending.iter().filter(|(part, _)| object.key.contains(part.as_str()));
        used_by.extend(pending.map(|(_, change_set)| change_set.clone()));
        Some(StoredArtifact {
            sha256,
            bytes: object.bytes,
            uploaded: object.modified.map(|time| time.to_string()),
            used_by: used_by.into_iter().collect(),
            key: object.key,
        })
    }
}

/// Finds the runs of exactly 64 lowercase hexadecimal digits.
fn digests(text: &str) -> impl Iterator<Item = &str> {
    text.split(|letter: char| !matches!(letter, '0'..='9' | 'a'..='f')).filter(|run| run.len() == DIGITS)
}

#[cfg(test)]
mod tests {
    use super::digests;

    #[test]
    fn only_whole_digests_are_found() {
        let one = "0123456789abcdef".repeat(4);
        let text = format!("agent/{one}/baleen-agent {one}0 {} {}", &one[1..], one.to_uppercase());
        assert_eq!(digests(&text).collect::<Vec<_>>(), [one.as_str()]);
    }
}
