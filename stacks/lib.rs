//! The infrastructure of Baleen: one file per stack, and [`app`], which is the whole system on one screen.
//!
//! What several stacks build alike stands beside them: [`buckets`], [`queues`], [`alarms`].

pub mod alarms;
pub mod bootstrap;
pub mod buckets;
pub mod environment;
pub mod fleet;
pub mod identity;
pub mod jobs;
pub mod notifications;
pub mod outputs;
pub mod queues;
pub mod storage;

use job::Colour;
use template::{App, References, Settings};

pub use environment::Environment;

/// Describes the whole system in one environment: its stacks, in the order in which they are deployed.
pub fn app(environment: &Environment) -> App {
    let mut app = App::new(settings(environment));

    let bootstrap = app.stack("bootstrap", |stack| bootstrap::stack(stack, environment));
    let identity = app.stack("identity", |stack| identity::stack(stack, environment));
    let storage = app.stack("storage", |stack| storage::stack(stack, environment, &identity));
    let notifications = app.stack("notifications", |stack| notifications::stack(stack, environment, &identity));
    let shared =
        fleet::Shared { bootstrap: &bootstrap, identity: &identity, storage: &storage, notifications: &notifications };
    let blue = app.stack("fleet-blue", |stack| fleet::stack(stack, environment, Colour::Blue, &shared));
    app.stack("jobs", |stack| jobs::stack(stack, environment, &identity, &storage, &notifications, &blue));

    app
}

/// Takes from the environment what holds for every stack.
fn settings(environment: &Environment) -> Settings {
    let named = [("app", environment.app.as_str()), ("environment", environment.name.as_str())];
    let named = named.into_iter().map(|(key, value)| (key.to_owned(), value.to_owned()));
    let own = environment.tags.iter().map(|(key, value)| (key.clone(), value.clone()));
    Settings {
        name: environment.app.to_string(),
        environment: environment.name.clone(),
        account: environment.account.to_string(),
        region: environment.region.to_string(),
        tags: named.chain(own).collect(),
        references: match environment.references {
            environment::References::Weak => References::Weak,
            environment::References::Exports => References::Exports,
        },
        termination_protection: environment.termination_protection,
    }
}
