use std::collections::BTreeSet;

use template::{Expression, IntoValue, Json, Value};
use tree::Origin;

use super::lower;
use super::state::State;

/// States in the order in which they run; made by [`start_at`].
#[derive(Clone, Debug)]
pub struct Flow {
    pub(super) states: Vec<Named>,
}

#[derive(Clone, Debug)]
pub(super) struct Named {
    pub name: String,
    pub origin: Origin,
    pub state: State,
}

/// A state machine; made by [`machine`].
#[derive(Clone, Debug)]
pub struct StateMachine {
    comment: String,
    flow: Flow,
    timeout_seconds: Option<u32>,
    origin: Origin,
}

/// Begins a flow with its first state.
///
/// ```
/// # use documents::states::{self, pass, succeed};
/// let flow = states::start_at("Prepare", pass()).state("Done", succeed());
/// ```
#[track_caller]
pub fn start_at(name: impl Into<String>, state: impl Into<State>) -> Flow {
    Flow { states: vec![Named { name: name.into(), origin: Origin::caller(), state: state.into() }] }
}

/// Makes a state machine of its flow. The comment says what it is for.
///
/// ```
/// # use documents::states::{self, succeed};
/// let machine = states::machine("Does nothing, well", states::start_at("Done", succeed())).timeout_seconds(60);
/// ```
#[track_caller]
pub fn machine(comment: impl Into<String>, flow: Flow) -> StateMachine {
    StateMachine { comment: comment.into(), flow, timeout_seconds: None, origin: Origin::caller() }
}

impl Flow {
    /// Adds a state after the others. The one before goes on to it, unless that says otherwise.
    ///
    /// Names are unique in the whole state machine, also inside of maps and branches.
    #[track_caller]
    pub fn state(mut self, name: impl Into<String>, state: impl Into<State>) -> Self {
        self.states.push(Named { name: name.into(), origin: Origin::caller(), state: state.into() });
        self
    }
}

impl StateMachine {
    /// Sets how long an execution may take; then it fails with `States.Timeout`.
    pub fn timeout_seconds(mut self, seconds: u32) -> Self {
        self.timeout_seconds = Some(seconds);
        self
    }
}

impl IntoValue<Json> for StateMachine {
    fn into_value(self) -> Value<Json> {
        let timeout =
            self.timeout_seconds.map_or_else(Expression::absent, |seconds| Expression::integer(seconds.into()));
        let fields = [
            ("Comment", Expression::string(self.comment)),
            ("QueryLanguage", Expression::string("JSONata")),
            ("TimeoutSeconds", timeout),
        ];
        let fields = fields.into_iter().chain(lower::flow(self.flow, &mut Vec::new(), &BTreeSet::new()));
        Value::from_expression(Expression::map(fields).at(self.origin))
    }
}
