//! Looks at all that a swap depends on.

use cloud::cloud_formation::{RollbackTriggers, StackDescription, StackStatus};
use serde::Serialize;
use template::{Assembly, StackTemplate};

use super::journal::Journal;
use super::machine::{Observation, Phase, Role, Router, Side, Smoke, Update};
use super::status::alarms;
use super::{ColourNames, Colours, Names, SmokeStatus, System, Work, WorkQuestion};
use crate::call::Context;
use crate::causes::causes;
use crate::status::{Action, Command, action};
use crate::{Error, selection};

/// A swap as it is seen at one time: what a screen shows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SwapSeen {
    /// When: seconds since 1970.
    pub at: u64,
    /// Where it stands.
    pub phase: Phase,
    /// Which step, from 1, and of how many.
    pub step: usize,
    /// How many steps there are.
    pub steps: usize,
    /// For how long it has been there, in seconds.
    pub seconds: u64,
    /// How long it stays there at least, in seconds.
    pub least_seconds: u64,
    /// How many jobs the new colour has finished meanwhile, each with a verified result.
    pub verified: u32,
    /// How many it must have finished.
    pub wanted: u32,
    /// The old colour.
    pub old: SeenColour,
    /// The new colour.
    pub new: SeenColour,
}

/// A colour as it is seen at one time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SeenColour {
    /// The colour.
    pub colour: String,
    /// Its share of new work.
    pub weight: u32,
    /// Whether it is the live one.
    pub is_live: bool,
    /// How many instances, or workers, there are at least, where that is known.
    pub minimum: Option<u32>,
    /// How many titles it has not finished.
    pub unfinished: u64,
    /// Its alarms that ring.
    pub ringing: Vec<String>,
}

/// What is needed to look.
pub(super) struct Lookout<'a> {
    pub context: Context<'a>,
    pub assembly: &'a Assembly,
    pub names: &'a Names,
    pub system: &'a dyn System,
}

/// What was seen: what decides, and the stacks behind it.
pub(super) struct Seen {
    pub observation: Observation,
    pub router: StackDescription,
    pub colours: Colours<StackDescription>,
}

impl Lookout<'_> {
    /// Finds a stack of the app.
    pub fn template(&self, stack: &str) -> Result<&StackTemplate, Error> {
        self.assembly.stack(stack).ok_or_else(|| selection::unknown_stack(self.assembly, stack))
    }

    /// Describes a stack, which must be there.
    pub async fn standing(&self, stack: &str) -> Result<StackDescription, Error> {
        let template = self.template(stack)?;
        let name = template.stack_name.as_str();
        let cloud_formation = &self.context.cloud.cloud_formation;
        let description = self.context.call(async || cloud_formation.describe_stack(name).await).await?;
        let deployed = description.filter(|description| description.status != StackStatus::ReviewInProgress);
        deployed.ok_or_else(|| Error::NotDeployed { stack: stack.to_owned() })
    }

    /// Looks at everything.
    pub async fn look(&self, journal: &Journal) -> Result<Seen, Error> {
        let names = self.names;
        let [old, new] = [names.colour(&journal.old)?, names.colour(&journal.new)?];
        let router = self.standing(&names.router).await?;
        let colours = Colours { old: self.standing(&old.stack).await?, new: self.standing(&new.stack).await? };
        let colour_names = Colours { old: journal.old.as_str(), new: journal.new.as_str() };
        // Times are whole seconds: what ended in the one in which the swap came here may have ended before.
        let question = WorkQuestion { colours: colour_names, since: journal.entered + 1 };
        let work = self.system.work(&question).await?;
        let observation = Observation {
            now: self.system.now(),
            router: self.router(journal, &router).await?,
            old: self.side(journal, old, &colours.old, work.unfinished.old).await?,
            new: self.side(journal, new, &colours.new, work.unfinished.new).await?,
            smoke: self.smoke(journal).await?,
            verified: work.verified.new,
            undecided: undecided(journal, &work),
        };
        Ok(Seen { observation, router, colours })
    }

    async fn router(&self, journal: &Journal, standing: &StackDescription) -> Result<Router, Error> {
        let names = self.names;
        let weight = |colour: &str| {
            let parameter = &names.colour(colour)?.weight;
            number(standing, &names.router, parameter)
        };
        let live = text(standing, &names.router, &names.live)?;
        Ok(Router {
            update: self.update(journal, &names.router, standing).await?,
            weights: [weight(&journal.old)?, weight(&journal.new)?],
            live: if live == journal.new { Role::New } else { Role::Old },
            is_guarded: standing.rollback != RollbackTriggers::default(),
        })
    }

    async fn side(
        &self,
        journal: &Journal,
        colour: &ColourNames,
        standing: &StackDescription,
        jobs: u64,
    ) -> Result<Side, Error> {
        let minimum = match &colour.minimum {
            Some(parameter) => Some(number(standing, &colour.stack, parameter)?),
            None => self.system.capacity(&colour.name).await?,
        };
        let is_asked = matches!(journal.phase, Phase::Warming | Phase::Restoring);
        let is_ready = is_asked && self.system.is_ready(&colour.name, journal.warm_minimum()).await?;
        let messages = self.messages(colour, standing).await?;
        Ok(Side {
            update: self.update(journal, &colour.stack, standing).await?,
            minimum,
            is_ready,
            // A title that is worked on has a message, too.
            unfinished: jobs.max(messages),
            ringing: self.ringing(colour, standing).await?,
        })
    }

    async fn messages(&self, colour: &ColourNames, standing: &StackDescription) -> Result<u64, Error> {
        let Some(queue) = standing.output(&colour.queue.output) else { return Ok(0) };
        let queues = &self.context.cloud.queues;
        let counts = self.context.call(async || queues.counts(queue).await).await?;
        Ok(counts.visible + counts.in_flight + counts.delayed)
    }

    async fn ringing(&self, colour: &ColourNames, standing: &StackDescription) -> Result<Vec<String>, Error> {
        let states = alarms(self, colour, standing).await?;
        Ok(states.into_iter().filter(|alarm| alarm.rings).map(|alarm| alarm.name).collect())
    }

    async fn smoke(&self, journal: &Journal) -> Result<Smoke, Error> {
        if journal.phase != Phase::Trying {
            return Ok(Smoke::Missing);
        }
        Ok(match self.system.smoke(&journal.new, &journal.id).await? {
            SmokeStatus::Missing => Smoke::Missing,
            SmokeStatus::Running => Smoke::Running,
            SmokeStatus::Verified => Smoke::Verified,
            SmokeStatus::Failed { reason } => Smoke::Failed { reason },
        })
    }

    /// Says what is going on with a stack, and what became of what this swap began there.
    async fn update(&self, journal: &Journal, stack: &str, standing: &StackDescription) -> Result<Update, Error> {
        let attempt = journal.attempt.as_ref().filter(|attempt| attempt.stack == stack);
        let is_under_way = match action(Command::Swap, Some(&standing.status)) {
            Action::Wait => true,
            Action::Refuse(refusal) => {
                let reason = format!("stack `{stack}` is in {}: {}", standing.status, refusal.reason);
                return Ok(Update::Stuck { reason });
            }
            _ => false,
        };
        let Some(attempt) = attempt else {
            return Ok(if is_under_way { Update::UnderWay { cancellable: false } } else { Update::Settled });
        };
        let cloud_formation = &self.context.cloud.cloud_formation;
        let after = attempt.after.as_deref();
        let events = self.context.call(async || cloud_formation.stack_events(&standing.id, after).await).await?;
        let has_begun = events.iter().any(cloud::cloud_formation::StackEvent::is_of_stack);
        if is_under_way {
            let cancellable = has_begun && standing.status == StackStatus::UpdateInProgress;
            return Ok(Update::UnderWay { cancellable });
        }
        if !has_begun || standing.status.is_success() {
            return Ok(Update::Settled);
        }
        let cause = causes(&self.context, &events).await.first().map(ToString::to_string);
        let undone = || {
            let event = events.iter().find(|event| event.is_of_stack() && event.status.contains("ROLLBACK"))?;
            event.reason.clone().filter(|reason| !reason.is_empty())
        };
        let why = cause.or_else(undone).unwrap_or_else(|| "it gives no reason".to_owned());
        Ok(Update::Undone { reason: format!("CloudFormation undid the change of stack `{stack}`: {why}") })
    }
}

/// Jobs that may have drawn their colour by earlier weights count where a colour is waited for.
fn undecided(journal: &Journal, work: &Work) -> u64 {
    if matches!(journal.phase, Phase::Draining | Phase::Emptying) { work.undecided } else { 0 }
}

/// Reads a parameter of a stack.
pub(super) fn text<'a>(standing: &'a StackDescription, stack: &str, parameter: &str) -> Result<&'a str, Error> {
    standing
        .parameters
        .get(parameter)
        .map(String::as_str)
        .ok_or_else(|| Error::NoParameter { stack: stack.to_owned(), parameter: parameter.to_owned() })
}

/// Reads a parameter that is a number.
pub(super) fn number(standing: &StackDescription, stack: &str, parameter: &str) -> Result<u32, Error> {
    let text = text(standing, stack, parameter)?;
    text.parse().map_err(|_| Error::NoParameter { stack: stack.to_owned(), parameter: parameter.to_owned() })
}
