//! The infrastructure of Baleen: one file per stack, and [`app`], which is the whole system on one screen.
//!
//! What several stacks build alike stands beside them: [`buckets`], [`tables`], [`queues`], [`alarms`]. So a bucket, a queue
//! or an alarm more is a few lines:
//!
//! ```
//! # use resources::sqs::{Queue, QueueRef};
//! # use stacks::{Environment, alarms, buckets, keys::Keys, notifications::Notifications, queues};
//! # use template::Stack;
//! fn previews(stack: &mut Stack, environment: &Environment, keys: &Keys, notifications: &Notifications) {
//!     let previews =
//!         buckets::private(environment, keys).lifecycle_configuration(buckets::lifecycle(environment, Some(30)));
//!     buckets::add(stack, environment, "Previews", previews, |_| vec![]);
//!
//!     let wanted = queues::add(stack, keys, "PreviewQueue", Queue::new(), |_| vec![]);
//!     let waiting = alarms::on_depth(&wanted, 100, 3, &notifications.alarms);
//!     stack.add("PreviewsPileUp", waiting.alarm_description("More than 100 previews wait"));
//! }
//! ```

pub mod alarms;
pub mod bootstrap;
pub mod buckets;
pub mod commands;
pub mod delivery;
pub mod deployer;
pub mod environment;
pub mod fleet;
pub mod identity;
pub mod jobs;
pub mod keys;
pub mod logs;
pub mod metrics;
pub mod network;
pub mod notifications;
pub mod observability;
pub mod outputs;
pub mod packaging;
pub mod queues;
pub mod router;
pub mod storage;
pub mod tables;
pub mod units;

use std::collections::BTreeSet;

use job::Colour;
use template::{App, References, Settings};

use deployer::Bounds;
pub use environment::Environment;
use keys::Keys;

/// Describes the whole system in one environment: its stacks, in the order in which they are deployed.
///
/// Who deploys may do what the resources of the other stacks take, and comes before them: so they are declared twice, a tenth
/// of what synthesis takes, and the first time nobody may do anything.
pub fn app(environment: &Environment) -> App {
    let taken = match &environment.deployer {
        Some(_) => deployer::taken(&declare(environment, &BTreeSet::new()), environment),
        None => BTreeSet::new(),
    };
    declare(environment, &taken)
}

fn declare(environment: &Environment, taken: &BTreeSet<String>) -> App {
    let mut app = App::new(settings(environment));

    let bootstrap = app.stack("bootstrap", |stack| bootstrap::stack(stack, environment));
    let bounds = match &environment.deployer {
        Some(settings) => {
            app.stack("deployer", |stack| deployer::stack(stack, environment, settings, &bootstrap, taken))
        }
        None => Bounds::default(),
    };
    let keys = match &environment.keys {
        Some(settings) => app.stack("keys", |stack| keys::stack(stack, environment, settings)),
        None => Keys::default(),
    };
    let network = environment.network.as_ref().map(|settings| match network::existing(settings) {
        Some(network) => network,
        None => app.stack("network", |stack| network::stack(stack, environment, settings, &keys, &bounds)),
    });
    let identity = app.stack("identity", |stack| identity::stack(stack, environment, &keys, &bounds));
    let storage = app.stack("storage", |stack| storage::stack(stack, environment, &identity, &keys));
    let notifications = app.stack("notifications", |stack| notifications::stack(stack, environment, &identity, &keys));
    let commands = environment
        .fleet
        .instances
        .as_ref()
        .map(|_| app.stack("commands", |stack| commands::stack(stack, environment, &bootstrap, &identity, &keys)));
    let packaging = environment
        .packaging
        .as_ref()
        .map(|settings| app.stack("packaging", |stack| packaging::stack(stack, environment, settings, &identity)));
    let delivery = environment
        .delivery
        .as_ref()
        .map(|settings| app.stack("delivery", |stack| delivery::stack(stack, environment, settings, &storage)));
    let shared = fleet::Shared {
        bootstrap: &bootstrap,
        bounds: &bounds,
        keys: &keys,
        network: network.as_ref(),
        identity: &identity,
        storage: &storage,
        notifications: &notifications,
    };
    let blue = app.stack("fleet-blue", |stack| fleet::stack(stack, environment, Colour::Blue, &shared));
    let green = app.stack("fleet-green", |stack| fleet::stack(stack, environment, Colour::Green, &shared));
    let router = app.stack("router", |stack| router::stack(stack, environment, &identity));
    let shared = jobs::Shared {
        bounds: &bounds,
        keys: &keys,
        identity: &identity,
        storage: &storage,
        notifications: &notifications,
        router: &router,
        fleets: [&blue, &green],
        commands: commands.as_ref(),
        packaging: packaging.as_ref(),
        delivery: delivery.as_ref(),
    };
    let jobs = app.stack("jobs", |stack| jobs::stack(stack, environment, &shared));
    if let Some(settings) = &environment.observability {
        let shared = observability::Shared {
            notifications: &notifications,
            fleets: [&blue, &green],
            jobs: &jobs,
            delivery: delivery.as_ref(),
        };
        app.stack("observability", |stack| observability::stack(stack, environment, settings, &shared));
    }

    app
}

/// Takes from the environment what holds for every stack.
fn settings(environment: &Environment) -> Settings {
    Settings {
        name: environment.app.to_string(),
        environment: environment.name.clone(),
        account: environment.account.to_string(),
        region: environment.region.to_string(),
        tags: tags(environment),
        references: match environment.references {
            environment::References::Weak => References::Weak,
            environment::References::Exports => References::Exports,
        },
        termination_protection: environment.termination_protection,
    }
}

/// Lists the tags of every resource: whose it is, and the environment's own.
fn tags(environment: &Environment) -> Vec<(String, String)> {
    let whose = [("app", environment.app.as_str()), ("environment", environment.name.as_str())];
    let whose = whose.into_iter().map(|(key, value)| (key.to_owned(), value.to_owned()));
    whose.chain(environment.tags.clone()).collect()
}
