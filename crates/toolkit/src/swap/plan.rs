//! What a swap is going to do, and whether it may begin.

use serde::Serialize;

use super::journal::Journal;
use super::machine::Phase;
use super::observe::{Lookout, number, text};
use super::versions::{is_same, version};
use super::{ColourNames, Colours, Names, SwapOptions, System};
use crate::call::Context;
use crate::status::{Action, Command, action};
use crate::{Error, Events, preflight};
use cloud::Cloud;
use cloud::cloud_formation::StackDescription;
use template::Assembly;

/// What a swap is going to do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SwapPlan {
    /// The colour that is live.
    pub old: String,
    /// The colour that is to be live.
    pub new: String,
    /// Their versions.
    pub versions: Colours<String>,
    /// How many instances, or workers, the new colour gets at least.
    pub warm: u32,
    /// Its shares of new work.
    pub shares: Vec<PlannedShare>,
    /// How long the old colour is waited for, in hours.
    pub drain_hours: u32,
    /// The ARNs of the alarms that return all work to the old colour.
    pub alarms: Vec<String>,
    /// What is worth knowing before.
    pub remarks: Vec<String>,
    /// The earlier swap that is under way, which would go on instead.
    pub under_way: Option<Phase>,
}

/// A share of new work.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PlannedShare {
    /// In percent.
    pub percent: u32,
    /// How long it lasts at least, in minutes.
    pub least_minutes: u32,
    /// How many jobs with a verified result end it.
    pub verified_jobs: u32,
}

/// Says what a swap would do, and changes nothing.
pub async fn swap_plan(
    assembly: &Assembly,
    names: &Names,
    cloud: &Cloud,
    system: &dyn System,
    options: &SwapOptions,
    events: &dyn Events,
) -> Result<SwapPlan, Error> {
    let context = Context { cloud, events, patience: options.patience, run: &options.run };
    preflight::verify(&context, assembly).await?;
    let lookout = Lookout { context, assembly, names, system };
    let earlier = super::status::read_journal(assembly, names, cloud, options.patience).await?;
    if let Some(journal) = earlier.as_ref().filter(|journal| !journal.phase.is_end()) {
        let [old, new] = [names.colour(&journal.old)?, names.colour(&journal.new)?];
        let standing = lookout.standing(&new.stack).await?;
        let alarms = super::status::all_arns(&lookout, new, &standing).await?;
        return Ok(SwapPlan { under_way: Some(journal.phase), ..plan(journal, alarms, old, new, Vec::new()) });
    }
    Ok(begin(&lookout, options).await?.0)
}

/// Makes sure that a swap may begin; returns its plan and its first entry.
pub(super) async fn begin(lookout: &Lookout<'_>, options: &SwapOptions) -> Result<(SwapPlan, Journal), Error> {
    let names = lookout.names;
    for stack in &lookout.assembly.stacks {
        let standing = lookout.standing(&stack.name).await?;
        if action(Command::Swap, Some(&standing.status)) != Action::Update {
            let status = standing.status.to_string();
            return Err(Error::SwapRefused { reason: format!("stack `{}` is in {status}", stack.name) });
        }
    }
    let router = lookout.standing(&names.router).await?;
    // An older router does not have it, and its weights could not be told from an earlier swap's.
    text(&router, &names.router, &names.set_by)?;
    let old = names.colour(text(&router, &names.router, &names.live)?)?;
    let new = names.other(&old.name)?;
    only_the_old_one_works(&router, names, old, new)?;
    let standing = Colours { old: lookout.standing(&old.stack).await?, new: lookout.standing(&new.stack).await? };
    let versions = Colours {
        old: deployed_version(lookout, old, &standing.old).await?,
        new: deployed_version(lookout, new, &standing.new).await?,
    };
    is_new_version(lookout, new, &deployed_template(lookout, &standing.new).await?)?;
    let minimum = match &old.minimum {
        Some(parameter) => number(&standing.old, &old.stack, parameter)?,
        None => lookout.system.capacity(&old.name).await?.unwrap_or_default(),
    };
    let now = lookout.system.now();
    let journal = Journal {
        version: Journal::VERSION,
        id: options.run.clone(),
        old: old.name.clone(),
        new: new.name.clone(),
        versions,
        settings: options.settings.clone(),
        minimum,
        began: now,
        phase: Phase::Warming,
        step: 0,
        entered: now,
        because: None,
        attempt: None,
        tries: 0,
    };
    let ringing = super::status::alarms(lookout, new, &standing.new).await?;
    if let Some(alarm) = ringing.iter().find(|alarm| alarm.rings) {
        return Err(Error::SwapRefused { reason: format!("alarm {} of {} rings already", alarm.name, new.name) });
    }
    let obstacles = lookout.system.obstacles(&old.name, &new.name, journal.warm_minimum()).await?;
    if let Some(reason) = obstacles.into_iter().next() {
        return Err(Error::SwapRefused { reason });
    }
    let mut remarks = Vec::new();
    if journal.versions.old == journal.versions.new {
        remarks.push(format!("both colours are of version {}: only the colour changes", journal.versions.new));
    }
    let alarms = super::status::all_arns(lookout, new, &standing.new).await?;
    if alarms.is_empty() {
        remarks.push(format!("{} has no alarms: nothing returns by itself", new.name));
    }
    Ok((plan(&journal, alarms, old, new, remarks), journal))
}

fn plan(
    journal: &Journal,
    alarms: Vec<String>,
    old: &ColourNames,
    new: &ColourNames,
    remarks: Vec<String>,
) -> SwapPlan {
    let settings = &journal.settings;
    let last = settings.steps.len().saturating_sub(1);
    let shares = settings.steps.iter().enumerate().map(|(step, percent)| PlannedShare {
        percent: *percent,
        least_minutes: if step == last { settings.bake_minutes } else { settings.step_minutes },
        verified_jobs: settings.verified_jobs,
    });
    SwapPlan {
        old: old.name.clone(),
        new: new.name.clone(),
        versions: journal.versions.clone(),
        warm: journal.warm_minimum(),
        shares: shares.collect(),
        drain_hours: settings.drain_hours,
        alarms,
        remarks,
        under_way: None,
    }
}

/// A swap begins where one colour has all the work. Where both have some, nobody knows what comes of it.
fn only_the_old_one_works(
    router: &StackDescription,
    names: &Names,
    old: &ColourNames,
    new: &ColourNames,
) -> Result<(), Error> {
    match number(router, &names.router, &new.weight)? {
        0 => Ok(()),
        weight => Err(Error::SwapRefused {
            reason: format!("{} is live, but {} gets work, too: its weight is {weight}", old.name, new.name),
        }),
    }
}

/// A swap brings what these sources say, or else nobody has reviewed it here.
fn is_new_version(lookout: &Lookout<'_>, new: &ColourNames, deployed: &str) -> Result<(), Error> {
    let sources = lookout.template(&new.stack)?.template.to_json_pretty();
    if is_same(&sources, deployed, &new.name) {
        return Ok(());
    }
    Err(Error::SwapStale { colour: new.name.clone(), stack: new.stack.clone() })
}

/// A return after the end brings the version that was left, or it is no return.
pub(super) async fn may_go_back(lookout: &Lookout<'_>, journal: &Journal) -> Result<(), Error> {
    let old = lookout.names.colour(&journal.old)?;
    let standing = lookout.standing(&old.stack).await?;
    let now = deployed_version(lookout, old, &standing).await?;
    if now == journal.versions.old {
        return Ok(());
    }
    let reason = format!(
        "{} has been deployed since the swap: it is of version {now} now, and was of {}",
        journal.old, journal.versions.old
    );
    Err(Error::SwapRefused { reason })
}

/// Returns the version of a colour as it is deployed.
pub(super) async fn deployed_version(
    lookout: &Lookout<'_>,
    colour: &ColourNames,
    standing: &StackDescription,
) -> Result<String, Error> {
    let template = deployed_template(lookout, standing).await?;
    Ok(version(&template, &standing.parameters, colour.minimum.as_deref(), &colour.name))
}

pub(super) async fn deployed_template(lookout: &Lookout<'_>, standing: &StackDescription) -> Result<String, Error> {
    let cloud_formation = &lookout.context.cloud.cloud_formation;
    Ok(lookout.context.call(async || cloud_formation.template(&standing.id).await).await?)
}
