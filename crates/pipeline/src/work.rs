use std::collections::BTreeMap;
use std::time::Duration;

use cloud::Cloud;
use cloud::tables::{AttributeValue, Item};
use jiff::Timestamp;
use job::item::attributes;
use job::{Colour, JobState};

use crate::{Error, jobs};

/// How far the clocks of the workflow and of whoever asks may be apart.
const CLOCKS_DIFFER: Duration = Duration::from_mins(5);

/// How much work each colour has, and has done.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Work {
    /// How many jobs each colour works on, or is to.
    pub unfinished: BTreeMap<Colour, u64>,
    /// How many jobs of each colour are done since then. A job is done with a verified result, or not at all.
    pub done: BTreeMap<Colour, u32>,
    /// How many jobs began before then, or hardly later, and have not drawn a colour yet.
    pub undecided: u64,
}

/// Counts the jobs of a table by the colour that works on them.
///
/// Only what counts is read of a job, so that those that a newer version wrote count, too.
pub async fn work(cloud: &Cloud, table: &str, since: Timestamp) -> Result<Work, Error> {
    let mut work = Work::default();
    for item in jobs::items(cloud, table).await? {
        count(&mut work, &item, since);
    }
    Ok(work)
}

fn count(work: &mut Work, item: &Item, since: Timestamp) {
    let text = |name: &str| item.get(name).and_then(AttributeValue::as_str);
    let time = |name: &str| text(name).and_then(|text| text.parse::<Timestamp>().ok());
    let state = text(attributes::STATE);
    let is = |one: JobState| state == Some(one.as_str());
    let colour = Colour::ALL.into_iter().find(|one| text(attributes::COLOUR) == Some(one.as_str()));
    match colour {
        Some(colour) if is(JobState::Done) && time(attributes::FINISHED).is_some_and(|finished| finished >= since) => {
            *work.done.entry(colour).or_default() += 1;
        }
        // What is packaged or held has left the fleet.
        Some(colour) if is(JobState::Planning) || is(JobState::Enhancing) || is(JobState::Assembling) => {
            *work.unfinished.entry(colour).or_default() += 1;
        }
        None if is(JobState::Registered) => {
            let latest = since.saturating_add(CLOCKS_DIFFER).unwrap_or(since);
            let began_later = time(attributes::CREATED).is_some_and(|created| created > latest);
            work.undecided += u64::from(!began_later);
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn item(state: &str, colour: Option<&str>, created: &str, finished: Option<&str>) -> Item {
        let members = [("state", Some(state)), ("colour", colour), ("created", Some(created)), ("finished", finished)];
        let members = members.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?.into())));
        members.collect()
    }

    #[test]
    fn jobs_count_for_the_colour_that_works_on_them() {
        let since: Timestamp = "2026-01-01T12:00:00Z".parse().expect("a time");
        let (before, after) = ("2026-01-01T11:59:59Z", "2026-01-01T12:00:01Z");
        let mut work = Work::default();
        for item in [
            item("done", Some("green"), before, Some(after)),
            item("done", Some("green"), before, Some(before)),
            item("done", Some("blue"), before, Some(after)),
            item("failed", Some("green"), before, Some(after)),
            item("enhancing", Some("blue"), before, None),
            item("enhancing", Some("blue"), before, None),
            item("packaging", Some("blue"), before, None),
            item("held", Some("blue"), before, None),
            item("registered", None, before, None),
            item("registered", None, after, None),
            item("registered", None, "2026-01-01T13:00:00Z", None),
        ] {
            count(&mut work, &item, since);
        }
        let expected = Work {
            unfinished: BTreeMap::from([(Colour::Blue, 2)]),
            done: BTreeMap::from([(Colour::Blue, 1), (Colour::Green, 1)]),
            undecided: 2,
        };
        assert_eq!(work, expected);
    }
}
