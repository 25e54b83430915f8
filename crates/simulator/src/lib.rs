//! CloudFormation in memory, as strict about states as the real one, and the services beside it that deploying needs.
//!
//! [`Simulator::cloud`] gives a [`Cloud`] like any other. What happens follows from the provider schemas: what a type
//! takes, what makes it anew, what it is called and which attributes it has. There is no code for single types, only
//! tables where a type behaves otherwise than its schema says.
//!
//! Time is tokio's: operations take as long as they would, and in a runtime whose time is paused they are over in an
//! instant. What is left to chance (durations, names, faults) comes from a seed, so that a run can be repeated.
//!
//! Nothing runs by itself. What was to happen until now happens when somebody looks, so a client that is killed leaves
//! the stacks at work, as it would in the cloud.

mod calls;
mod change_set;
mod clock;
mod compare;
mod drift;
mod durations;
mod early;
mod events;
mod import;
mod operation;
mod parameters;
mod physical;
mod policy;
mod random;
mod refactor;
mod refusal;
pub mod scenarios;
mod services;
mod settings;
mod stack;
mod state;
mod storage;
mod template;
mod triggers;
mod world;

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use cloud::Cloud;
use cloud::alarms::AlarmState;
use jiff::Timestamp;

use cloud::cloud_formation::{StackDescription, StackEvent, StackResource, StackStatus};

pub use settings::{During, ResourceFault, Settings, Verb};
pub use world::{Owner, Thing};

use state::State;

/// A cloud in memory. Clones are the same cloud.
#[derive(Clone, Debug)]
pub struct Simulator {
    state: Arc<Mutex<State>>,
}

impl Simulator {
    /// Makes an empty account, whose chances come from `seed`.
    pub fn new(seed: u64) -> Self {
        Self::with_settings(seed, Settings::default())
    }

    /// Makes an empty account that behaves as `settings` say.
    pub fn with_settings(seed: u64, settings: Settings) -> Self {
        Self { state: Arc::new(Mutex::new(State::new(seed, settings))) }
    }

    /// Opens a connection.
    pub fn cloud(&self) -> Cloud {
        services::cloud(self, self.with(|state| state.settings.region.clone()))
    }

    /// Changes how the cloud behaves from now on.
    pub fn configure(&self, change: impl FnOnce(&mut Settings)) {
        self.with(|state| change(&mut state.settings));
    }

    /// Makes a resource fail.
    pub fn fail(&self, fault: ResourceFault) {
        self.with(|state| state.faults.push(fault));
    }

    /// Takes all faults away.
    pub fn heal(&self) {
        self.with(|state| state.faults.clear());
    }

    /// Lists the faults that struck: stack, logical id, reason.
    pub fn struck(&self) -> Vec<(String, String, String)> {
        self.with(|state| state.struck.clone())
    }

    /// Describes a stack, by its name or ARN.
    pub fn stack(&self, stack: &str) -> Option<StackDescription> {
        self.with(|state| state.find(stack).map(stack::Stack::describe))
    }

    /// Lists the names of the stacks that are not deleted.
    pub fn stacks(&self) -> Vec<String> {
        self.with(|state| state.live.keys().cloned().collect())
    }

    /// Lists the resources of a stack.
    pub fn resources(&self, stack: &str) -> Vec<StackResource> {
        self.with(|state| state.find(stack).map(stack::Stack::list).unwrap_or_default())
    }

    /// Lists what has happened to a stack.
    pub fn events(&self, stack: &str) -> Vec<StackEvent> {
        self.with(|state| state.find(stack).map(|stack| stack.events.clone()).unwrap_or_default())
    }

    /// Lists what has happened to the stacks of a name, those that were deleted too, in order.
    pub fn events_of_name(&self, name: &str) -> Vec<StackEvent> {
        self.with(|state| {
            let own = state.stacks.values().filter(|stack| stack.name == name);
            let mut events: Vec<_> = own.flat_map(|stack| stack.events.iter().cloned()).collect();
            events.sort_by_key(|event| event.time);
            events
        })
    }

    /// Says how long the simulation has run.
    pub fn elapsed(&self) -> Duration {
        self.with(|state| state.now)
    }

    /// Returns the date that it is when the simulation has run for so long.
    pub fn date(&self, elapsed: Duration) -> Timestamp {
        clock::date(elapsed)
    }

    /// Lists everything that there is in the account, whoever made it.
    pub fn things(&self) -> Vec<Thing> {
        self.with(|state| state.world.things.values().cloned().collect())
    }

    /// Lets an alarm say something.
    pub fn set_alarm(&self, name: &str, says: AlarmState) {
        self.with(|state| state.set_alarm(name, says));
    }

    /// Changes a property of a thing without its stack: `pointer` is the JSON pointer within its properties.
    pub fn change_behind_its_back(
        &self,
        stack: &str,
        logical_id: &str,
        pointer: &str,
        value: serde_json::Value,
    ) -> bool {
        self.with(|state| state.change_behind(stack, logical_id, pointer, value))
    }

    /// Deletes a thing without its stack.
    pub fn delete_behind_its_back(&self, stack: &str, logical_id: &str) -> bool {
        self.with(|state| state.delete_behind(stack, logical_id))
    }

    /// Puts a thing into the account that no stack has made.
    pub fn put_thing(&self, thing: Thing) {
        self.with(|state| state.world.put(thing));
    }

    /// Puts a stack without resources into a state that others left it in.
    pub fn put_stack(&self, name: &str, status: StackStatus) {
        self.with(|state| state.put_stack(name, status));
    }

    /// Lets everything happen that was to happen until now, and shows what there is.
    fn with<T>(&self, see: impl FnOnce(&mut State) -> T) -> T {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.advance();
        see(&mut state)
    }
}
