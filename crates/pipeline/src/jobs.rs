use cloud::Cloud;
use cloud::tables::{Item, Scan, item_to_json};
use job::item::{LEASE_PREFIX, attributes};
use job::{JobItem, identity};
use serde::Serialize;

use crate::Error;

/// The jobs of a table.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Listing {
    /// The jobs, the newest first.
    pub jobs: Vec<JobItem>,
    /// The items that this version does not understand.
    pub unreadable: Vec<Unreadable>,
}

/// An item of the job table that this version does not understand.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Unreadable {
    /// The job's id.
    pub id: String,
    /// What is wrong.
    pub error: String,
}

/// Lists the jobs of a table.
pub async fn list(cloud: &Cloud, table: &str) -> Result<Listing, Error> {
    let mut listing = Listing::default();
    for item in items(cloud, table).await? {
        match read(&item) {
            Ok(job) => listing.jobs.push(job),
            Err(error) => listing.unreadable.push(Unreadable { id: id(&item).to_owned(), error: error.to_string() }),
        }
    }
    // Times are UTC in RFC 3339, which sort as text.
    listing.jobs.sort_by(|one, other| (&other.created, &other.id).cmp(&(&one.created, &one.id)));
    Ok(listing)
}

/// Finds a job by its id, or by the beginning of it if no other id begins so.
pub async fn find(cloud: &Cloud, table: &str, beginning: &str) -> Result<JobItem, Error> {
    if beginning.len() == identity::ID_DIGITS {
        let missing = || Error::NoSuchJob { id: beginning.to_owned() };
        return read(&cloud.tables.get(table, &key(beginning)).await?.ok_or_else(missing)?);
    }
    let items = items(cloud, table).await?;
    let found: Vec<_> = items.iter().filter(|item| id(item).starts_with(beginning)).collect();
    match found.as_slice() {
        [] => Err(Error::NoSuchJob { id: beginning.to_owned() }),
        [item] => read(item),
        several => Err(Error::Ambiguous {
            id: beginning.to_owned(),
            ids: several.iter().map(|item| id(item).to_owned()).collect(),
        }),
    }
}

/// Returns the key of a job in the table.
pub(crate) fn key(id: &str) -> Item {
    Item::from([(attributes::ID.to_owned(), id.into())])
}

/// Returns all items of a table that are about jobs: others say who has an instance.
pub(crate) async fn items(cloud: &Cloud, table: &str) -> Result<Vec<Item>, Error> {
    let mut items = Vec::new();
    let mut scan = Scan::default();
    loop {
        let page = cloud.tables.scan(table, &scan).await?;
        items.extend(page.items.into_iter().filter(|item| !id(item).starts_with(LEASE_PREFIX)));
        match page.next {
            Some(next) => scan.start = Some(next),
            None => return Ok(items),
        }
    }
}

pub(crate) fn read(item: &Item) -> Result<JobItem, Error> {
    let job = serde_json::from_value(item_to_json(item));
    job.map_err(|error| Error::Item { id: id(item).to_owned(), error: error.to_string() })
}

fn id(item: &Item) -> &str {
    item.get(attributes::ID).and_then(cloud::tables::AttributeValue::as_str).unwrap_or_default()
}
