use template::{Expression, IntoValue, Json};
use tree::Origin;

/// The names of errors that Step Functions itself reports, and of those of services that flows often decide by.
///
/// Names of other services' errors are the service and the exception, such as `Sfn.ExecutionDoesNotExistException`.
pub mod errors {
    /// Every error but [`DATA_LIMIT_EXCEEDED`] and [`RUNTIME`]; it stands alone, in the last retrier or catcher.
    pub const ALL: &str = "States.ALL";
    /// A branch of a parallel state failed.
    pub const BRANCH_FAILED: &str = "States.BranchFailed";
    /// The condition of a write to DynamoDB did not hold.
    pub const CONDITIONAL_CHECK_FAILED: &str = "DynamoDB.ConditionalCheckFailedException";
    /// An input or output is larger than 256 KiB. It cannot be caught by [`ALL`].
    pub const DATA_LIMIT_EXCEEDED: &str = "States.DataLimitExceeded";
    /// More items of a map failed than it tolerates.
    pub const EXCEED_TOLERATED_FAILURE_THRESHOLD: &str = "States.ExceedToleratedFailureThreshold";
    /// A task sent no heartbeat in time.
    pub const HEARTBEAT_TIMEOUT: &str = "States.HeartbeatTimeout";
    /// A map could not read its items.
    pub const ITEM_READER_FAILED: &str = "States.ItemReaderFailed";
    /// No rule of a choice held, and it says not what then.
    pub const NO_CHOICE_MATCHED: &str = "States.NoChoiceMatched";
    /// The role of the state machine may not do what the task does.
    pub const PERMISSIONS: &str = "States.Permissions";
    /// A JSONata expression failed, or gave a value of the wrong type.
    pub const QUERY_EVALUATION_ERROR: &str = "States.QueryEvaluationError";
    /// A map could not write its results.
    pub const RESULT_WRITER_FAILED: &str = "States.ResultWriterFailed";
    /// The execution could not go on. It cannot be retried, and is not caught by [`ALL`].
    pub const RUNTIME: &str = "States.Runtime";
    /// A task failed, whatever the error, unless it timed out.
    pub const TASK_FAILED: &str = "States.TaskFailed";
    /// A task took longer than it may, or sent no heartbeat in time.
    pub const TIMEOUT: &str = "States.Timeout";
}

/// What is tried again; made by [`retry`].
#[derive(Clone, Debug)]
pub struct Retrier {
    errors: Vec<String>,
    interval_seconds: Option<u32>,
    max_attempts: Option<u32>,
    backoff_rate: Option<f64>,
    max_delay_seconds: Option<u32>,
    full_jitter: bool,
    origin: Origin,
}

/// Where an error leads; made by [`catch`].
#[derive(Clone, Debug)]
pub struct Catcher {
    errors: Vec<String>,
    pub(super) next: String,
    comment: Option<String>,
    pub(super) assign: Vec<(String, Expression)>,
    pub(super) output: Expression,
    pub(super) origin: Origin,
}

/// Tries again after these errors: after 1, 2 and 4 seconds, unless the setters say otherwise.
///
/// The first retrier that names the error counts; one with `max_attempts(0)` keeps those behind it from trying.
///
/// ```
/// # use documents::states::{errors, retry};
/// let for_half_a_minute = retry([errors::ALL]).max_attempts(6).max_delay_seconds(30).full_jitter();
/// ```
#[track_caller]
pub fn retry<E: Into<String>>(errors: impl IntoIterator<Item = E>) -> Retrier {
    Retrier {
        errors: errors.into_iter().map(Into::into).collect(),
        interval_seconds: None,
        max_attempts: None,
        backoff_rate: None,
        max_delay_seconds: None,
        full_jitter: false,
        origin: Origin::caller(),
    }
}

/// Goes on to another state after these errors, once nothing retries them any more.
///
/// ```
/// # use documents::states::{catch, errors, jsonata};
/// let late = catch([errors::TIMEOUT], "Report").assign("error", jsonata("$states.errorOutput"));
/// ```
#[track_caller]
pub fn catch<E: Into<String>>(errors: impl IntoIterator<Item = E>, next: impl Into<String>) -> Catcher {
    Catcher {
        errors: errors.into_iter().map(Into::into).collect(),
        next: next.into(),
        comment: None,
        assign: Vec::new(),
        output: Expression::absent(),
        origin: Origin::caller(),
    }
}

/// Goes on to another state after any error: a [`catch`] of [`errors::ALL`], which stands last.
#[track_caller]
pub fn catch_all(next: impl Into<String>) -> Catcher {
    catch([errors::ALL], next)
}

impl Retrier {
    /// Sets the pause before the first retry (default 1 second).
    pub fn interval_seconds(mut self, seconds: u32) -> Self {
        self.interval_seconds = Some(seconds);
        self
    }

    /// Sets how often it is tried again (default 3); 0 never.
    pub fn max_attempts(mut self, attempts: u32) -> Self {
        self.max_attempts = Some(attempts);
        self
    }

    /// Sets by what each pause is multiplied (default 2.0, at least 1.0).
    pub fn backoff_rate(mut self, rate: f64) -> Self {
        self.backoff_rate = Some(rate);
        self
    }

    /// Sets the longest pause, which must be longer than the first one.
    pub fn max_delay_seconds(mut self, seconds: u32) -> Self {
        self.max_delay_seconds = Some(seconds);
        self
    }

    /// Draws each pause by chance, from nothing up to its length, so that many executions do not retry at once.
    pub fn full_jitter(mut self) -> Self {
        self.full_jitter = true;
        self
    }

    fn mistake(&self) -> Option<(String, &'static str)> {
        let interval = self.interval_seconds.unwrap_or(1);
        if interval == 0 {
            return Some(("the interval of a retrier is 0 seconds".into(), "make it 1 second or more"));
        }
        if let Some(rate) = self.backoff_rate.filter(|rate| rate.is_nan() || *rate < 1.0) {
            return Some((format!("the backoff rate of a retrier is {rate}"), "make it 1.0 or more"));
        }
        let delay = self.max_delay_seconds.filter(|delay| *delay <= interval)?;
        let message = format!("the longest pause of a retrier, {delay} s, is not longer than its first, {interval} s");
        Some((message, "raise `max_delay_seconds` or lower `interval_seconds`"))
    }
}

impl Catcher {
    /// Describes the catcher.
    pub fn comment(mut self, text: impl Into<String>) -> Self {
        self.comment = Some(text.into());
        self
    }

    /// Sets a variable, from `$states.errorOutput` mostly, which has `Error` and `Cause`.
    #[track_caller]
    pub fn assign(mut self, variable: impl Into<String>, value: impl IntoValue<Json>) -> Self {
        self.assign.push((variable.into(), value.into_value().into_expression().at(Origin::caller())));
        self
    }

    /// Sets what the next state gets as its input (default `$states.errorOutput`).
    pub fn output(mut self, value: impl IntoValue<Json>) -> Self {
        self.output = value.into_value().into_expression();
        self
    }
}

pub(super) fn retriers(retriers: Vec<Retrier>) -> Expression {
    let mut taken = false;
    list(retriers, |retrier| {
        let errors = error_equals(&retrier.errors, &mut taken, retrier.origin);
        let integer = |number: Option<u32>| number.map_or_else(Expression::absent, |n| Expression::integer(n.into()));
        let mistake = retrier.mistake().map(|(message, hint)| Expression::invalid(message, hint));
        let fields = [
            ("ErrorEquals", mistake.unwrap_or(errors)),
            ("IntervalSeconds", integer(retrier.interval_seconds)),
            ("MaxAttempts", integer(retrier.max_attempts)),
            ("BackoffRate", retrier.backoff_rate.map_or_else(Expression::absent, Expression::double)),
            ("MaxDelaySeconds", integer(retrier.max_delay_seconds)),
            ("JitterStrategy", if retrier.full_jitter { Expression::string("FULL") } else { Expression::absent() }),
        ];
        Expression::map(fields).at(retrier.origin)
    })
}

pub(super) fn catchers(catchers: Vec<Catcher>) -> Expression {
    let mut taken = false;
    list(catchers, |catcher| {
        let errors = error_equals(&catcher.errors, &mut taken, catcher.origin);
        let fields = [
            ("Comment", catcher.comment.map_or_else(Expression::absent, Expression::string)),
            ("ErrorEquals", errors),
            ("Assign", super::lower::variables(catcher.assign)),
            ("Output", catcher.output),
            ("Next", Expression::string(catcher.next)),
        ];
        Expression::map(fields).at(catcher.origin)
    })
}

fn list<T>(items: Vec<T>, lower: impl FnMut(T) -> Expression) -> Expression {
    if items.is_empty() { Expression::absent() } else { Expression::list(items.into_iter().map(lower)) }
}

/// Checks what the language says of the error names: at least one, and `States.ALL` alone and last.
fn error_equals(errors: &[String], taken: &mut bool, origin: Origin) -> Expression {
    let all = errors.iter().any(|error| error == errors::ALL);
    let mistake = if errors.is_empty() {
        Some(("a retrier or catcher names no error", "name the errors, or `States.ALL`"))
    } else if *taken {
        Some(("a retrier or catcher stands behind one that takes every error", "move `States.ALL` to the end"))
    } else if all && errors.len() > 1 {
        Some(("`States.ALL` stands beside other errors", "it takes every error: leave the others out"))
    } else {
        None
    };
    *taken |= all;
    match mistake {
        Some((message, hint)) => Expression::invalid(message, hint).at(origin),
        None => Expression::list(errors.iter().map(Expression::string)),
    }
}
