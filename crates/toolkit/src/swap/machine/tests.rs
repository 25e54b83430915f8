//! The machine in a small world that does what it is told, late, and breaks: every end is one of the two wanted ones.

use proptest::prelude::*;

use super::*;
use crate::swap::journal::Attempt;
use crate::swap::{Colours, Settings};

const ROUTER: &str = "router";

fn journal() -> Journal {
    Journal {
        version: Journal::VERSION,
        id: "swap".into(),
        old: "blue".into(),
        new: "green".into(),
        versions: Colours { old: "1".into(), new: "2".into() },
        settings: Settings {
            steps: vec![10, 50, 100],
            step_minutes: 2,
            bake_minutes: 5,
            verified_jobs: 3,
            smoke_minutes: 30,
            drain_hours: 1,
            warm: 1,
        },
        minimum: 2,
        began: 0,
        phase: Phase::Warming,
        step: 0,
        entered: 0,
        because: None,
        attempt: None,
        tries: 0,
    }
}

/// A system with two colours, as far as a swap can tell.
#[derive(Clone, Debug)]
struct World {
    now: u64,
    weights: [u32; 2],
    live: Role,
    guarded: bool,
    minimum: [u32; 2],
    /// What is under way on the router: what it leads to, and how many looks that takes.
    under_way: Option<(Target, u32)>,
    undone: bool,
    smoke: Smoke,
    verified: u32,
    unfinished: [u64; 2],
    ringing: bool,
    /// What was seen that must never be.
    wrongs: Vec<String>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
struct Target {
    weights: [u32; 2],
    live: Role,
    guarded: bool,
}

impl World {
    fn new() -> Self {
        Self {
            now: 0,
            weights: [100, 0],
            live: Role::Old,
            guarded: false,
            minimum: [2, 0],
            under_way: None,
            undone: false,
            smoke: Smoke::Missing,
            verified: 0,
            unfinished: [3, 0],
            ringing: false,
            wrongs: Vec::new(),
        }
    }

    fn seen(&self, journal: &Journal) -> Observation {
        let is_ours = journal.attempt.as_ref().is_some_and(|attempt| attempt.stack == ROUTER);
        let update = match (&self.under_way, self.undone) {
            (Some(_), _) => Update::UnderWay { cancellable: is_ours },
            (None, true) if is_ours => Update::Undone { reason: "undone".into() },
            (None, _) => Update::Settled,
        };
        let side = |place: usize| Side {
            update: Update::Settled,
            minimum: Some(self.minimum[place]),
            is_ready: self.minimum[place] >= journal.warm_minimum(),
            unfinished: self.unfinished[place],
            ringing: if self.ringing && place == 1 { vec!["DeadLetterArrived".into()] } else { Vec::new() },
        };
        Observation {
            now: self.now,
            router: Router { update, weights: self.weights, live: self.live, is_guarded: self.guarded },
            old: side(0),
            new: side(1),
            smoke: self.smoke.clone(),
            verified: self.verified,
            undecided: 0,
        }
    }

    /// Lets a minute pass, in which `luck` decides what the world does by itself.
    fn pass(&mut self, luck: u8) {
        self.now += 60;
        self.verified += u32::from(luck % 3) * u32::from(self.weights[1] > 0);
        for side in &mut self.unfinished {
            *side = side.saturating_sub(1);
        }
        if self.smoke == Smoke::Running {
            self.smoke = if luck == 255 { Smoke::Failed { reason: "broken".into() } } else { Smoke::Verified };
        }
        match self.under_way.take() {
            Some((target, 0)) => {
                self.weights = target.weights;
                self.live = target.live;
                self.guarded = target.guarded;
            }
            Some((target, _)) if target.guarded && self.ringing => self.undone = true,
            Some((target, looks)) => self.under_way = Some((target, looks - 1)),
            None => {}
        }
    }

    fn act(&mut self, journal: &Journal, action: &Action) {
        match action {
            Action::SetCapacity { role, minimum } => {
                let place = usize::from(*role == Role::New);
                let has_work =
                    self.weights[place] > 0 || self.under_way.is_some_and(|(target, _)| target.weights[place] > 0);
                if *minimum == 0 && has_work {
                    self.wrongs.push(format!("{role:?} loses its capacity though it gets work"));
                }
                self.minimum[place] = *minimum;
            }
            Action::StartSmoke => self.smoke = Smoke::Running,
            Action::SetRouter { weights, live, guard_minutes } => {
                self.is_right(journal, *weights, *live, *guard_minutes);
                self.under_way = Some((Target { weights: *weights, live: *live, guarded: guard_minutes.is_some() }, 2));
                self.undone = false;
            }
            Action::CancelRouter => {
                if self.under_way.take().is_none() {
                    self.wrongs.push("nothing is there to be cancelled".into());
                }
                self.undone = true;
            }
            Action::Wait | Action::Enter { .. } | Action::End | Action::Stop { .. } => {}
        }
    }

    fn is_right(&mut self, journal: &Journal, weights: [u32; 2], live: Role, guard: Option<u32>) {
        if weights[0] + weights[1] != 100 {
            self.wrongs.push(format!("the shares are {weights:?}"));
        }
        if weights[1] > 0 && self.minimum[1] == 0 || weights[0] > 0 && self.minimum[0] == 0 {
            self.wrongs.push(format!("a colour without capacity gets work: {weights:?} of {:?}", self.minimum));
        }
        if live == Role::New && weights != [0, 100] {
            self.wrongs.push("the new colour is live before it has all the work".into());
        }
        if guard.is_some() != (journal.phase == Phase::Shifting) {
            self.wrongs.push(format!("{} has alarms watched: {}", journal.phase, guard.is_some()));
        }
        if journal.phase == Phase::Shifting && weights[1] < self.weights[1] {
            self.wrongs.push("the new colour's share falls on the way forward".into());
        }
    }
}

/// What happens to whoever drives a swap, beside the world.
#[derive(Clone, Copy, Debug)]
enum Fate {
    Goes,
    /// Killed after it has written that it begins something, before it begins.
    KilledBefore,
    /// Killed after it has begun something.
    KilledAfter,
    Rings,
    AsksBack,
}

fn fate() -> impl Strategy<Value = (Fate, u8)> {
    let fate = prop_oneof![
        20 => Just(Fate::Goes),
        2 => Just(Fate::KilledBefore),
        2 => Just(Fate::KilledAfter),
        1 => Just(Fate::Rings),
        1 => Just(Fate::AsksBack),
    ];
    (fate, any::<u8>())
}

/// Drives a swap to its end: journal, world, and whether anything asked it to go back.
fn drive(fates: &[(Fate, u8)]) -> (Journal, World, bool) {
    let (mut journal, mut world, mut wish) = (journal(), World::new(), Wish::Go);
    let mut may_return = false;
    let endless = std::iter::repeat((Fate::Goes, 1));
    for (fate, luck) in fates.iter().copied().chain(endless).take(1000) {
        match fate {
            Fate::Rings => {
                world.ringing = true;
                may_return = true;
            }
            Fate::AsksBack => {
                wish = Wish::Back;
                may_return = true;
            }
            _ => {}
        }
        may_return |= luck == 255;
        let action = next(&journal, &world.seen(&journal), wish);
        match &action {
            Action::End => return (journal, world, may_return),
            Action::Stop { reason } => panic!("{reason}: {journal:?} {world:?}"),
            Action::Enter { phase, step, because } => {
                journal = journal.entered(*phase, *step, because.clone(), world.now);
                world.verified = 0;
            }
            action => {
                let stack = match action {
                    Action::SetRouter { .. } => Some(ROUTER),
                    Action::SetCapacity { .. } => Some("fleet"),
                    _ => None,
                };
                if let Some(stack) = stack {
                    journal.attempt = Some(Attempt { stack: stack.into(), phase: journal.phase, after: None });
                    journal.tries += 1;
                }
                if matches!(fate, Fate::KilledBefore) {
                    // Nothing has happened on the router since that was written down.
                    world.undone &= !matches!(action, Action::SetRouter { .. });
                } else {
                    world.act(&journal, action);
                }
            }
        }
        if matches!(fate, Fate::KilledBefore | Fate::KilledAfter) {
            journal.tries = 0;
            // Whoever goes on knows nothing of what was asked, only what is written.
            wish = Wish::Go;
        }
        world.pass(luck);
    }
    panic!("it never ends: {journal:?} {world:?}")
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, ..ProptestConfig::default() })]

    #[test]
    fn whatever_happens_one_colour_has_all_the_work_in_the_end(fates in prop::collection::vec(fate(), 0..120)) {
        let (journal, world, may_return) = drive(&fates);
        prop_assert!(world.wrongs.is_empty(), "{:?}", world.wrongs);
        prop_assert!(!world.guarded, "no alarm would undo the next deployment");
        match journal.phase {
            Phase::Swapped => {
                prop_assert_eq!((world.weights, world.live, world.minimum), ([0, 100], Role::New, [0, 2]));
            }
            Phase::Returned => {
                prop_assert_eq!((world.weights, world.live, world.minimum), ([100, 0], Role::Old, [2, 0]));
                prop_assert!(may_return, "nobody wanted it back");
                prop_assert!(journal.because.is_some(), "it says why");
            }
            other => prop_assert!(false, "it ended in {}", other),
        }
    }
}

#[test]
fn a_swap_in_peace_goes_through_its_phases() {
    let (journal, world, _) = drive(&[]);
    assert_eq!(journal.phase, Phase::Swapped);
    assert_eq!(journal.because, None);
    assert!(world.now >= 60 * (2 + 2 + 5), "the steps last as long as they should: {}", world.now);
}

/// Story `manheim/cf_deployer#39`: both colours were active after a swap had failed.
#[test]
fn after_a_swap_that_failed_one_colour_is_active() {
    for minute in 0..40 {
        let mut fates = vec![(Fate::Goes, 1); minute];
        fates.push((Fate::Rings, 1));
        let (journal, world, _) = drive(&fates);
        let expected = if journal.phase == Phase::Swapped { [0, 100] } else { [100, 0] };
        assert_eq!(world.weights, expected, "an alarm in minute {minute}");
        assert_eq!(world.minimum.iter().filter(|minimum| **minimum > 0).count(), 1, "an alarm in minute {minute}");
    }
}

#[test]
fn an_alarm_counts_until_the_new_colour_is_live_and_not_after() {
    for phase in Phase::ALL {
        let journal = Journal { phase, ..journal() };
        let world = World { ringing: true, unfinished: [9, 9], ..World::new() };
        let action = next(&journal, &world.seen(&journal), Wish::Go);
        let turns = matches!(&action, Action::Enter { phase: Phase::Reverting, because: Some(why), .. } if why.contains("rings"));
        assert_eq!(turns, phase.is_watched(), "{phase}: {action:?}");
    }
}

#[test]
fn who_asks_to_go_back_goes_back_from_everywhere() {
    for phase in Phase::ALL.into_iter().filter(|phase| !phase.is_return()) {
        let journal = Journal { phase, ..journal() };
        let expected =
            if matches!(phase, Phase::Lowering | Phase::Swapped) { Phase::Restoring } else { Phase::Reverting };
        let action = next(&journal, &World::new().seen(&journal), Wish::Back);
        assert!(matches!(action, Action::Enter { phase, .. } if phase == expected), "{phase}: {action:?}");
    }
}

#[test]
fn a_return_during_a_bake_cancels_the_update_and_a_deployment_of_others_is_only_waited_for() {
    let reverting = Journal { phase: Phase::Reverting, ..journal() };
    let mut world = World::new();
    world.under_way = Some((Target { weights: [50, 50], live: Role::Old, guarded: true }, 5));
    let began = |phase| Some(Attempt { stack: ROUTER.into(), phase, after: None });
    let of = |attempt| Journal { attempt, ..reverting.clone() };
    for (attempt, expected) in [
        (began(Phase::Shifting), Action::CancelRouter),
        (began(Phase::Switching), Action::CancelRouter),
        (began(Phase::Reverting), Action::Wait),
        (None, Action::Wait),
    ] {
        let journal = of(attempt);
        assert_eq!(next(&journal, &world.seen(&journal), Wish::Go), expected, "{:?}", journal.attempt);
    }
}

#[test]
fn a_step_ends_after_enough_jobs_and_enough_time_and_not_before() {
    let shifting = Journal { phase: Phase::Shifting, entered: 1000, ..journal() };
    let world = World { weights: [90, 10], guarded: true, minimum: [2, 2], ..World::new() };
    for (seconds, verified, ends) in [(0, 0, false), (119, 9, false), (120, 2, false), (120, 3, true), (9999, 3, true)]
    {
        let world = World { now: 1000 + seconds, verified, ..world.clone() };
        let action = next(&shifting, &world.seen(&shifting), Wish::Go);
        let expected = if ends { enter(Phase::Shifting, 1) } else { Action::Wait };
        assert_eq!(action, expected, "{verified} jobs after {seconds} s");
    }
}

#[test]
fn titles_are_waited_for_until_the_deadline_and_then_named() {
    let draining = Journal { phase: Phase::Draining, entered: 0, ..journal() };
    let world = World { unfinished: [2, 0], ..World::new() };
    let at = |now| next(&draining, &World { now, ..world.clone() }.seen(&draining), Wish::Go);
    assert_eq!(at(3599), Action::Wait);
    let Action::Enter { phase: Phase::Lowering, because: Some(because), .. } = at(3600) else { panic!("it waits on") };
    assert_eq!(because, "2 titles were not finished in 1 hours");
}

#[test]
fn a_stack_that_only_a_person_can_repair_stops_the_swap_wherever_it_is_needed() {
    for phase in [Phase::Shifting, Phase::Switching, Phase::Reverting] {
        let journal = Journal { phase, ..journal() };
        let mut seen = World::new().seen(&journal);
        seen.router.update = Update::Stuck { reason: "UPDATE_ROLLBACK_FAILED".into() };
        assert_eq!(
            next(&journal, &seen, Wish::Go),
            Action::Stop { reason: "UPDATE_ROLLBACK_FAILED".into() },
            "{phase}"
        );
    }
}

#[test]
fn the_table_is_the_one_in_the_documentation() {
    const DOCUMENTATION: &str = include_str!("../../../../../docs/swap.md");
    for phase in Phase::ALL {
        let row = format!("| `{phase}` | {} |", phase.meaning().join(" | "));
        assert!(DOCUMENTATION.contains(&row), "docs/swap.md lacks:\n{row}");
    }
}
