//! The item in the table of locks: what it holds, and the conditions by which it is written.

use cloud::tables::{AttributeValue, Expression, Item, Update};
use serde_json::Value;

use super::{Holder, LockState};

/// The attribute by which the table's items are found.
const ID: &str = "id";
/// The id of the item.
const DEPLOYMENT: &str = "deployment";
/// Where a swap writes down how far it is.
const SWAP: &str = "swap";
/// What changes with each renewal.
const BEAT: &str = "beat";

/// The attributes of whoever holds the lock, by placeholder.
const OF_HOLDER: [(&str, &str); 6] = [
    ("#run", "run"),
    ("#owner", "owner"),
    ("#process", "process"),
    ("#command", "command"),
    ("#since", "since"),
    ("#beat", BEAT),
];

/// Who holds the lock, and what changes when it is renewed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Seen {
    pub holder: Holder,
    pub beat: String,
}

/// When the lock may be taken.
pub(super) enum Taken<'a> {
    /// Nobody has it.
    Free,
    /// It is still as it was seen.
    Abandoned(&'a Seen),
    /// It is still the same holder's.
    Stolen(&'a Seen),
}

pub(super) fn key() -> Item {
    Item::from([(ID.to_owned(), AttributeValue::String(DEPLOYMENT.to_owned()))])
}

/// Says who holds the lock; `None` if nobody does.
pub(super) fn seen(item: &Item) -> Option<Seen> {
    let text = |name: &str| item.get(name).and_then(AttributeValue::as_str).map(str::to_owned);
    let or_unknown = |name: &str| text(name).unwrap_or_else(|| "unknown".to_owned());
    let holder = Holder {
        run: text("run")?,
        name: or_unknown("owner"),
        process: or_unknown("process"),
        command: or_unknown("command"),
        since: or_unknown("since"),
    };
    Some(Seen { holder, beat: or_unknown(BEAT) })
}

pub(super) fn state(item: &Item) -> LockState {
    let journal = item.get(SWAP).and_then(AttributeValue::as_str);
    LockState {
        holder: seen(item).map(|seen| seen.holder),
        // What cannot be read is shown as it is: it must not look as if there were nothing.
        journal: journal.map(|text| serde_json::from_str(text).unwrap_or_else(|_| Value::from(text))),
    }
}

/// Takes the lock. That it is one's own already is a lost answer.
pub(super) fn take(holder: &Holder, beat: &str, when: &Taken<'_>) -> Update {
    let mut change = Expression::new(
        "SET #run = :run, #owner = :owner, #process = :process, #command = :command, #since = :since, #beat = :beat",
    )
    .value(":run", text(&holder.run))
    .value(":owner", text(&holder.name))
    .value(":process", text(&holder.process))
    .value(":command", text(&holder.command))
    .value(":since", text(&holder.since))
    .value(":beat", text(beat));
    for (placeholder, name) in OF_HOLDER {
        change = change.name(placeholder, name);
    }
    let condition = match when {
        Taken::Free => Expression::new("attribute_not_exists(#run) OR #run = :run"),
        Taken::Abandoned(seen) => Expression::new("(#run = :other AND #beat = :seen) OR #run = :run")
            .value(":other", text(&seen.holder.run))
            .value(":seen", text(&seen.beat)),
        Taken::Stolen(seen) => Expression::new("#run = :other OR #run = :run").value(":other", text(&seen.holder.run)),
    };
    Update { key: key(), change, condition: Some(condition) }
}

/// Says that the lock is still held.
pub(super) fn renew(run: &str, beat: &str) -> Update {
    let change = Expression::new("SET #beat = :beat").name("#beat", BEAT).value(":beat", text(beat));
    Update { key: key(), change, condition: Some(held_by(run)) }
}

/// Gives the lock back; what a swap has written down stays.
pub(super) fn release(run: &str) -> Update {
    let mut change = Expression::new("REMOVE #run, #owner, #process, #command, #since, #beat");
    for (placeholder, name) in OF_HOLDER {
        change = change.name(placeholder, name);
    }
    let condition = Expression::new("#run = :run").value(":run", text(run));
    Update { key: key(), change, condition: Some(condition) }
}

/// Writes down how far a swap is.
pub(super) fn journal(run: &str, journal: Option<&Value>) -> Update {
    let change = match journal {
        Some(journal) => Expression::new("SET #swap = :swap").value(":swap", text(&journal.to_string())),
        None => Expression::new("REMOVE #swap"),
    };
    Update { key: key(), change: change.name("#swap", SWAP), condition: Some(held_by(run)) }
}

fn held_by(run: &str) -> Expression {
    Expression::new("#run = :run").name("#run", "run").value(":run", text(run))
}

fn text(text: &str) -> AttributeValue {
    AttributeValue::String(text.to_owned())
}
