//! Counts attempts in the job table.

use std::time::Duration;

use cloud::Tables;
use cloud::tables::{Expression, Item, Update};
use job::item::attributes::{ATTEMPT, ATTEMPT_BY, ID};

use crate::retry::{random, retrying};

/// For how long the table is asked again when it does not answer.
const PATIENCE: Duration = Duration::from_secs(30);

/// How often counting starts again when someone else counted in between.
const RACES: u32 = 10;

/// An attempt that was counted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Attempt {
    /// Its number, from 1.
    pub(crate) number: u32,
    /// What tells it from the attempt of the same number that someone else may count after this one was taken back.
    mark: String,
}

/// Why an attempt was not counted.
#[derive(Debug, thiserror::Error)]
pub(crate) enum AttemptError {
    #[error("job {0} is not in the job table")]
    NoSuchJob(String),
    #[error("the task was begun {0} times already, and no attempt came to an end")]
    Exhausted(u32),
    #[error("{0}")]
    Call(#[from] cloud::Error),
}

/// Counts an attempt, unless `most` were counted before.
///
/// A lost answer must not count twice, as a plain `ADD` would: the count is compared and set, with a mark by which the
/// call recognizes its own effect.
pub(crate) async fn count(
    tables: &dyn Tables,
    table: &str,
    job: &str,
    worker: &str,
    most: u32,
) -> Result<Attempt, AttemptError> {
    let mark = format!("{worker}/{:016x}", random());
    let key = key(job);
    let mut races = 0;
    loop {
        let item = retrying(PATIENCE, || tables.get(table, &key)).await?;
        let item = item.ok_or_else(|| AttemptError::NoSuchJob(job.to_owned()))?;
        let before = item.get(ATTEMPT).and_then(cloud::tables::AttributeValue::as_u64);
        let begun = u32::try_from(before.unwrap_or_default()).unwrap_or(u32::MAX);
        if begun >= most {
            return Err(AttemptError::Exhausted(begun));
        }
        let attempt = Attempt { number: begun + 1, mark: mark.clone() };
        let unchanged = match before {
            Some(before) => {
                Expression::new("attribute_exists(#id) AND (#attempt = :before OR #by = :by)").value(":before", before)
            }
            None => Expression::new("attribute_exists(#id) AND (attribute_not_exists(#attempt) OR #by = :by)"),
        };
        let change = Expression::new("SET #attempt = :attempt, #by = :by")
            .value(":attempt", u64::from(attempt.number))
            .value(":by", mark.as_str());
        let update = update(job, change, unchanged.name("#id", ID).value(":by", mark.as_str()));
        match retrying(PATIENCE, || tables.update(table, &update)).await {
            Ok(_) => return Ok(attempt),
            Err(error) if error.kind == cloud::ErrorKind::ConditionFailed && races < RACES => races += 1,
            Err(error) => return Err(error.into()),
        }
    }
}

/// Takes a counted attempt back, unless another one was counted since.
pub(crate) async fn uncount(tables: &dyn Tables, table: &str, job: &str, attempt: &Attempt) -> cloud::Result<()> {
    let change = Expression::new("SET #attempt = :before REMOVE #by").value(":before", u64::from(attempt.number - 1));
    let ours = Expression::new("#attempt = :attempt AND #by = :by")
        .value(":attempt", u64::from(attempt.number))
        .value(":by", attempt.mark.as_str());
    let update = update(job, change, ours);
    match retrying(PATIENCE, || tables.update(table, &update)).await {
        // Someone else counted since, or this call's own first try did it and its answer was lost.
        Err(error) if error.kind == cloud::ErrorKind::ConditionFailed => Ok(()),
        outcome => outcome.map(drop),
    }
}

fn key(job: &str) -> Item {
    Item::from([(ID.to_owned(), job.into())])
}

fn update(job: &str, change: Expression, condition: Expression) -> Update {
    let change = change.name("#attempt", ATTEMPT).name("#by", ATTEMPT_BY);
    let condition = condition.name("#attempt", ATTEMPT).name("#by", ATTEMPT_BY);
    Update { key: key(job), change, condition: Some(condition) }
}
