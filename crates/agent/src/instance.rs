//! The instance that an agent runs on: what it says of itself, and what its Auto Scaling group is told.

mod notices;
mod protection;

use std::convert::Infallible;

use cloud::Metadata;
use tokio::sync::OnceCell;

use crate::settings::Fleet;
use crate::task::Context;

pub use notices::Notice;
use notices::Watch;
use protection::Protection;

/// An instance in a fleet.
pub(crate) struct Instance<'a> {
    watch: Watch<'a>,
    protection: Option<Protection<'a>>,
}

impl<'a> Instance<'a> {
    /// Returns the instance, if it is in a fleet that starts and stops instances.
    pub(crate) fn new(context: Context<'a>) -> Option<Self> {
        let group = match &context.settings.fleet {
            Fleet::None => return None,
            Fleet::Spot => None,
            Fleet::AutoScaling { group } => Some(group.as_str()),
        };
        let group = group.map(|name| Group { name, id: OnceCell::new(), context });
        Some(Self { watch: Watch::new(context, group.clone()), protection: group.map(Protection::new) })
    }

    /// Looks after the instance for as long as it is polled.
    pub(crate) async fn look_after(&self) -> Infallible {
        match &self.protection {
            Some(protection) => tokio::join!(self.watch.keep(), protection.keep()).0,
            None => self.watch.keep().await,
        }
    }

    /// Leaves nothing behind that would keep an instance that nobody works on.
    pub(crate) async fn say_farewell(&self) {
        let protection = async {
            if let Some(protection) = &self.protection {
                protection.end().await;
            }
        };
        tokio::join!(protection, self.watch.end());
    }
}

/// The Auto Scaling group of an instance, and its id there.
#[derive(Clone)]
struct Group<'a> {
    name: &'a str,
    id: OnceCell<String>,
    context: Context<'a>,
}

impl Group<'_> {
    /// Returns the instance's id; asked for once.
    async fn instance(&self) -> cloud::Result<&str> {
        let asking = async || {
            let id = self.context.cloud.metadata.get("instance-id").await?;
            id.ok_or_else(|| cloud::Error::new(cloud::ErrorKind::NotFound, "metadata", "instance-id: not found"))
        };
        self.id.get_or_try_init(asking).await.map(String::as_str)
    }
}
