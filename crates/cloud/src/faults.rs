//! Makes chosen calls fail, before or after they take effect, and counts what fired.

use std::sync::{Mutex, PoisonError};

use async_trait::async_trait;

use crate::intercept::{Call, Interceptor};
use crate::{Error, ErrorKind, Result};

/// Is an [`Interceptor`] that makes calls fail by a plan.
///
/// A plan is a list of faults, or drawn from a seed, or both. The same plan in front of the same sequence of calls
/// fails the same calls. A test for a fault asserts on [`Self::fired`], or it may have tested nothing.
#[derive(Debug, Default)]
pub struct Faults {
    planned: Vec<Fault>,
    drawn: Option<Drawn>,
    fired: Mutex<Vec<Fired>>,
}

/// One planned fault.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The operation that fails: `s3:PutObject`.
    pub operation: &'static str,
    /// Which call of it fails, counted from 1.
    pub call: u32,
    /// Whether the call takes effect all the same.
    pub moment: Moment,
    /// How it fails.
    pub kind: ErrorKind,
}

/// When a fault strikes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moment {
    /// Before the service sees the call: nothing happens.
    Before,
    /// After the service has served it: only the answer is lost.
    After,
}

/// A fault that struck.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fired {
    /// The call.
    pub call: Call,
    /// When it struck.
    pub moment: Moment,
    /// How the call failed.
    pub kind: ErrorKind,
}

/// Faults drawn from a seed.
#[derive(Clone, Copy, Debug)]
struct Drawn {
    seed: u64,
    per_thousand: u16,
}

impl Faults {
    /// Fails the calls named.
    pub fn planned(faults: impl IntoIterator<Item = Fault>) -> Self {
        Self { planned: faults.into_iter().collect(), ..Self::default() }
    }

    /// Fails about `per_thousand` of a thousand calls, half of them after they took effect, with an error that a
    /// network can cause.
    pub fn drawn(seed: u64, per_thousand: u16) -> Self {
        Self { drawn: Some(Drawn { seed, per_thousand }), ..Self::default() }
    }

    /// Returns what has struck so far.
    pub fn fired(&self) -> Vec<Fired> {
        self.fired.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn strike(&self, call: &Call, moment: Moment) -> Result<()> {
        let Some(kind) = self.kind(call, moment) else {
            return Ok(());
        };
        let fired = Fired { call: call.clone(), moment, kind };
        self.fired.lock().unwrap_or_else(PoisonError::into_inner).push(fired);
        let when = match moment {
            Moment::Before => "before it took effect",
            Moment::After => "after it took effect",
        };
        Err(Error::new(kind, call.operation, format!("call {} was made to fail {when}", call.number)))
    }

    fn kind(&self, call: &Call, moment: Moment) -> Option<ErrorKind> {
        let planned =
            |fault: &&Fault| fault.operation == call.operation && fault.call == call.number && fault.moment == moment;
        if let Some(fault) = self.planned.iter().find(planned) {
            return Some(fault.kind);
        }
        self.drawn.and_then(|drawn| drawn.kind(call.operation, call.number, moment))
    }
}

#[async_trait]
impl Interceptor for Faults {
    async fn before(&self, call: &Call) -> Result<()> {
        self.strike(call, Moment::Before)
    }

    async fn after(&self, call: &Call, error: Option<&Error>) -> Result<()> {
        // A call that failed by itself took no effect that could be hidden.
        if error.is_some() { Ok(()) } else { self.strike(call, Moment::After) }
    }
}

impl Drawn {
    fn kind(self, operation: &str, number: u32, moment: Moment) -> Option<ErrorKind> {
        // The draw depends on the call alone, not on what other tasks called in between, so that a seed that found a
        // fault finds it again under concurrency.
        let draw = operation.bytes().fold(mix(self.seed ^ u64::from(number)), |hash, byte| mix(hash ^ u64::from(byte)));
        if draw % 1000 >= u64::from(self.per_thousand) {
            return None;
        }
        let struck = if (draw >> 32).is_multiple_of(2) { Moment::Before } else { Moment::After };
        let kinds = match struck {
            Moment::Before => [ErrorKind::Throttled, ErrorKind::Unreachable, ErrorKind::Unavailable],
            Moment::After => [ErrorKind::Timeout, ErrorKind::Unavailable, ErrorKind::Timeout],
        };
        let choice = usize::try_from((draw >> 40) % 3).unwrap_or_default();
        (struck == moment).then(|| kinds[choice])
    }
}

/// Mixes bits (the finalizer of `SplitMix64`).
fn mix(value: u64) -> u64 {
    let value = value.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let value = (value ^ (value >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let value = (value ^ (value >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    value ^ (value >> 31)
}
