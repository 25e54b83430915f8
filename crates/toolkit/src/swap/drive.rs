//! Does what [`machine`](super::machine) decides, again and again until the swap is over.

use std::collections::BTreeMap;
use std::time::Duration;

use cloud::cloud_formation::RollbackTriggers;
use serde::Serialize;
use template::Assembly;
use tokio::time::sleep;

use super::change::{self, Change};
use super::journal::{Attempt, Journal};
use super::machine::{self, Action, Phase, Role, Wish};
use super::observe::{Lookout, Seen, SeenColour, SwapSeen};
use super::{Names, SwapOptions, System, plan};
use crate::call::Context;
use crate::follow::last_event;
use crate::{Approver, Error, Event, Events, Lock, Question, preflight};

/// How a swap ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Swapped {
    /// The swap's name.
    pub id: String,
    /// Whether the new colour does all the work now; otherwise the old one does, as before.
    pub swapped: bool,
    /// The colour that is live now.
    pub live: String,
    /// The other one, which idles.
    pub idle: String,
    /// Why it went back, or did not wait for a colour's titles.
    pub because: Option<String>,
    /// How long it took, in seconds.
    pub seconds: u64,
}

/// Swaps the colours, or goes on with a swap that was interrupted.
///
/// A swap that begins is shown and approved. It can be killed anywhere: the next call goes on, in the direction in which it
/// was going.
pub async fn swap(
    assembly: &Assembly,
    names: &Names,
    lock: &Lock,
    system: &dyn System,
    options: &SwapOptions,
    approver: &dyn Approver,
    events: &dyn Events,
) -> Result<Swapped, Error> {
    let run = Run::new(assembly, names, lock, system, options, events).await?;
    let journal = match run.read().await? {
        Some(journal) if !journal.phase.is_end() => run.go_on(journal),
        _ => {
            let (plan, journal) = plan::begin(&run.lookout, options).await?;
            run.lookout.context.tell(Event::SwapPlanned(plan.clone()));
            if !approver.approve(Question::Swap(&plan)) {
                return Err(Error::Declined { what: format!("the swap from {} to {}", plan.old, plan.new) });
            }
            run.write(&journal).await?;
            run.tell_entry(&journal);
            journal
        }
    };
    run.follow(journal, Wish::Go).await
}

/// Returns all work to the colour that was live before the swap that is under way, or that was done last.
pub async fn back(
    assembly: &Assembly,
    names: &Names,
    lock: &Lock,
    system: &dyn System,
    options: &SwapOptions,
    approver: &dyn Approver,
    events: &dyn Events,
) -> Result<Swapped, Error> {
    let run = Run::new(assembly, names, lock, system, options, events).await?;
    let journal = run.read().await?.ok_or(Error::NoSwap)?;
    if journal.phase == Phase::Swapped {
        plan::may_go_back(&run.lookout, &journal).await?;
    }
    if !journal.phase.is_end() && journal.phase.is_return() {
        return run.follow(run.go_on(journal), Wish::Back).await;
    }
    if journal.phase == Phase::Returned {
        return Ok(outcome(&journal));
    }
    let question = Question::SwapBack { old: &journal.old, new: &journal.new };
    if !approver.approve(question) {
        return Err(Error::Declined { what: format!("the return to {}", journal.old) });
    }
    let journal = Journal { tries: 0, ..journal };
    run.follow(journal, Wish::Back).await
}

/// What holds for one run of this program.
struct Run<'a> {
    lookout: Lookout<'a>,
    options: &'a SwapOptions,
    lock: &'a Lock,
}

impl<'a> Run<'a> {
    async fn new(
        assembly: &'a Assembly,
        names: &'a Names,
        lock: &'a Lock,
        system: &'a dyn System,
        options: &'a SwapOptions,
        events: &'a dyn Events,
    ) -> Result<Self, Error> {
        let context = Context { cloud: lock.cloud(), events, patience: options.patience, run: &options.run };
        preflight::verify(&context, assembly).await?;
        Ok(Self { lookout: Lookout { context, assembly, names, system }, options, lock })
    }

    async fn read(&self) -> Result<Option<Journal>, Error> {
        self.lock.journal().await?.map(Journal::read).transpose()
    }

    async fn write(&self, journal: &Journal) -> Result<(), Error> {
        self.lock.write_journal(Some(&journal.write()?)).await
    }

    /// Takes over a swap that an earlier run has left.
    fn go_on(&self, journal: Journal) -> Journal {
        self.lookout.context.tell(Event::SwapContinued {
            id: journal.id.clone(),
            old: journal.old.clone(),
            new: journal.new.clone(),
            phase: journal.phase,
        });
        // What was tried in vain may go well now.
        Journal { tries: 0, ..journal }
    }

    /// Goes on until it is over.
    async fn follow(&self, mut journal: Journal, wish: Wish) -> Result<Swapped, Error> {
        loop {
            let seen = self.lookout.look(&journal).await?;
            self.lookout.context.tell(Event::SwapSeen(Box::new(shown(&journal, &seen))));
            match machine::next(&journal, &seen.observation, wish) {
                Action::Wait => sleep(self.options.pause).await,
                Action::End => return Ok(outcome(&journal)),
                Action::Stop { reason } => {
                    return Err(Error::SwapStopped { phase: journal.phase.to_string(), reason });
                }
                Action::Enter { phase, step, because } => {
                    journal = journal.entered(phase, step, because, self.lookout.system.now());
                    self.write(&journal).await?;
                    self.tell_entry(&journal);
                }
                action => match self.act(&mut journal, &seen, action).await {
                    // What was begun before is not to be seen everywhere at once.
                    Err(Error::UnderWay { .. }) => {
                        journal.tries = journal.tries.saturating_sub(1);
                        sleep(self.options.pause).await;
                    }
                    done => done?,
                },
            }
        }
    }

    async fn act(&self, journal: &mut Journal, seen: &Seen, action: Action) -> Result<(), Error> {
        let Lookout { context, system, names, .. } = self.lookout;
        match action {
            Action::SetCapacity { role, minimum } => self.set_capacity(journal, seen, role, minimum).await,
            Action::StartSmoke => Ok(system.start_smoke(&journal.new, &journal.id).await?),
            Action::SetRouter { weights, live, guard_minutes } => {
                let live = if live == Role::New { journal.new.clone() } else { journal.old.clone() };
                let [old, new] = weights;
                let parameters = BTreeMap::from([
                    (names.colour(&journal.old)?.weight.clone(), old.to_string()),
                    (names.colour(&journal.new)?.weight.clone(), new.to_string()),
                    (names.live.clone(), live),
                ]);
                let rollback = match guard_minutes {
                    None => RollbackTriggers::default(),
                    Some(minutes) => self.guard(journal, seen, minutes).await?,
                };
                self.attempt(journal, &names.router, &seen.router.id).await?;
                let set_by = (names.set_by.clone(), journal.mark());
                let change = Change {
                    stack: self.lookout.template(&names.router)?,
                    standing: &seen.router,
                    parameters: parameters.into_iter().chain([set_by]).collect(),
                    rollback: Some(rollback),
                    name: self.change_set(),
                    purpose: journal.attempt_name(),
                };
                change::begin(&context, self.options.role.as_deref(), change).await
            }
            Action::CancelRouter => {
                let cloud_formation = &context.cloud.cloud_formation;
                let cancelled = context.call(async || cloud_formation.cancel_update(&seen.router.id).await).await;
                // It may have come to its end meanwhile.
                if let Err(error) = cancelled
                    && error.kind != cloud::ErrorKind::Validation
                {
                    return Err(error.into());
                }
                sleep(self.options.pause.min(Duration::from_secs(1))).await;
                Ok(())
            }
            Action::Wait | Action::Enter { .. } | Action::End | Action::Stop { .. } => Ok(()),
        }
    }

    async fn set_capacity(&self, journal: &mut Journal, seen: &Seen, role: Role, minimum: u32) -> Result<(), Error> {
        let Lookout { context, system, names, .. } = self.lookout;
        let colour = names.colour(if role == Role::New { &journal.new } else { &journal.old })?;
        let Some(parameter) = &colour.minimum else {
            return Ok(system.set_capacity(&colour.name, minimum).await?);
        };
        let standing = seen.colours.of(role);
        self.attempt(journal, &colour.stack, &standing.id).await?;
        let change = Change {
            stack: self.lookout.template(&colour.stack)?,
            standing,
            parameters: BTreeMap::from([(parameter.clone(), minimum.to_string())]),
            rollback: None,
            name: self.change_set(),
            purpose: journal.attempt_name(),
        };
        change::begin(&context, self.options.role.as_deref(), change).await
    }

    /// Writes down that a change of a stack is begun, before it is.
    async fn attempt(&self, journal: &mut Journal, stack: &str, id: &str) -> Result<(), Error> {
        let after = last_event(&self.lookout.context, id).await?;
        journal.attempt = Some(Attempt { stack: stack.to_owned(), phase: journal.phase, after });
        journal.tries += 1;
        self.write(journal).await
    }

    /// Names the new colour's alarms, for CloudFormation to watch.
    async fn guard(&self, journal: &Journal, seen: &Seen, minutes: u32) -> Result<RollbackTriggers, Error> {
        let colour = self.lookout.names.colour(&journal.new)?;
        Ok(RollbackTriggers {
            alarms: super::status::arns(colour, &seen.colours.new),
            composite_alarms: super::status::ill_arn(&self.lookout, colour).await?.into_iter().collect(),
            monitoring: Duration::from_mins(u64::from(minutes.min(180))),
        })
    }

    fn change_set(&self) -> String {
        format!("{}-swap", self.lookout.assembly.app)
    }

    fn tell_entry(&self, journal: &Journal) {
        self.lookout.context.tell(Event::SwapEntered {
            at: journal.entered,
            id: journal.id.clone(),
            old: journal.old.clone(),
            new: journal.new.clone(),
            phase: journal.phase,
            step: journal.step + 1,
            steps: journal.settings.steps.len(),
            share: journal.share(),
            because: journal.because.clone(),
        });
    }
}

/// Says how a swap ended.
fn outcome(journal: &Journal) -> Swapped {
    let swapped = journal.phase == Phase::Swapped;
    let (live, idle) = if swapped { (&journal.new, &journal.old) } else { (&journal.old, &journal.new) };
    Swapped {
        id: journal.id.clone(),
        swapped,
        live: live.clone(),
        idle: idle.clone(),
        because: journal.because.clone(),
        seconds: journal.entered.saturating_sub(journal.began),
    }
}

/// Makes what a screen shows of what was seen.
fn shown(journal: &Journal, seen: &Seen) -> SwapSeen {
    let seen = &seen.observation;
    let colour = |role: Role| {
        let (name, side, place) = match role {
            Role::Old => (&journal.old, &seen.old, 0),
            Role::New => (&journal.new, &seen.new, 1),
        };
        SeenColour {
            colour: name.clone(),
            weight: seen.router.weights[place],
            is_live: seen.router.live == role,
            minimum: side.minimum,
            unfinished: side.unfinished,
            ringing: side.ringing.clone(),
        }
    };
    let is_step = journal.phase == Phase::Shifting;
    SwapSeen {
        at: seen.now,
        phase: journal.phase,
        step: journal.step + 1,
        steps: journal.settings.steps.len(),
        seconds: seen.now.saturating_sub(journal.entered),
        least_seconds: if is_step { u64::from(journal.least_minutes()) * 60 } else { 0 },
        verified: if is_step { seen.verified } else { 0 },
        wanted: if is_step { journal.settings.verified_jobs } else { 0 },
        old: colour(Role::Old),
        new: colour(Role::New),
    }
}
