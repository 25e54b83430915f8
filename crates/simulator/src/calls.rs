//! What stands before every call: limits of its rate, and others who act just then.

use std::collections::BTreeMap;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use cloud::{Cloud, Result};

use crate::Simulator;
use crate::refusal::refusal;
use crate::state::State;

/// What somebody else does.
type Act = Box<dyn FnOnce(Cloud) -> Pin<Box<dyn Future<Output = ()> + Send>> + Send>;

/// The calls so far, and what is to happen at some of them.
#[derive(Default)]
pub(crate) struct Calls {
    counts: BTreeMap<&'static str, u32>,
    acts: Vec<(&'static str, u32, Act)>,
    /// For each class of operations, how many calls are allowed at once, and as of when.
    buckets: BTreeMap<&'static str, (f64, Duration)>,
}

impl fmt::Debug for Calls {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Calls").field("counts", &self.counts).finish_non_exhaustive()
    }
}

impl Simulator {
    /// Lets somebody else act just before a call, which is counted from 1 for each operation.
    pub fn before_call<F>(&self, operation: &'static str, call: u32, act: impl FnOnce(Cloud) -> F + Send + 'static)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let act: Act = Box::new(move |cloud| Box::pin(act(cloud)));
        self.with(|state| state.calls.acts.push((operation, call, act)));
    }

    /// Counts the calls of an operation so far.
    pub fn calls(&self, operation: &str) -> u32 {
        self.with(|state| state.calls.counts.get(operation).copied().unwrap_or_default())
    }

    /// Serves a call.
    pub(crate) async fn call<T>(
        &self,
        operation: &'static str,
        serve: impl FnOnce(&mut State) -> Result<T> + Send,
    ) -> Result<T> {
        let act = self.with(|state| state.count(operation));
        if let Some(act) = act {
            act(self.cloud()).await;
        }
        self.with(|state| {
            state.throttle(operation)?;
            serve(state)
        })
    }
}

impl State {
    /// Counts a call, and finds what somebody else does just before it.
    fn count(&mut self, operation: &'static str) -> Option<Act> {
        let count = self.calls.counts.entry(operation).or_default();
        *count += 1;
        let (acts, count) = (&mut self.calls.acts, *count);
        let at = acts.iter().position(|(of, call, _)| *of == operation && *call == count)?;
        Some(acts.remove(at).2)
    }

    /// Takes a token for a call, or refuses it.
    fn throttle(&mut self, operation: &'static str) -> Result<()> {
        let Some(rate) = self.settings.calls_per_second else { return Ok(()) };
        let class = class(operation);
        let (now, burst) = (self.now, f64::from(self.settings.burst));
        let (left, then) = self.calls.buckets.get(class).copied().unwrap_or((burst, now));
        let left = burst.min(left + now.saturating_sub(then).as_secs_f64() * rate);
        let is_allowed = left >= 1.0;
        self.calls.buckets.insert(class, (if is_allowed { left - 1.0 } else { left }, now));
        if is_allowed { Ok(()) } else { Err(refusal(operation, "Throttling", "Rate exceeded")) }
    }
}

/// Sorts operations as the service limits them: reading and writing apart.
fn class(operation: &str) -> &'static str {
    let (service, name) = operation.split_once(':').unwrap_or_default();
    let reads = ["Describe", "Get", "List"].iter().any(|start| name.starts_with(start));
    match (service, reads) {
        ("cloudformation", true) => "cloudformation reads",
        ("cloudformation", false) => "cloudformation writes",
        _ => "others",
    }
}
