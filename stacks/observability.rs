//! Watches whether the system is well, whether it keeps up, and what it costs.
//!
//! Alarms on what a stack makes stand in that stack. Here are those on what comes of all of it together, for each colour by
//! itself: a swap goes back when the new colour is ill.

mod budget;
mod dashboard;
mod watch;

use job::Colour;
use resources::cloudwatch::{AlarmRef, CompositeAlarm, CompositeAlarmRef};
use template::{Declare, Stack, Value, join, sub};

use crate::delivery::Delivery;
use crate::environment::{self, Environment};
use crate::fleet::Fleet;
use crate::jobs::Jobs;
use crate::notifications::Notifications;
use crate::outputs;
use watch::Watch;

/// The stacks that are watched.
#[derive(Clone, Copy, Debug)]
pub struct Shared<'a> {
    /// Is told.
    pub notifications: &'a Notifications,
    /// Do the work: blue and green.
    pub fleets: [&'a Fleet; 2],
    /// Says what work there is.
    pub jobs: &'a Jobs,
    /// Brings streams to viewers, where the environment says so.
    pub delivery: Option<&'a Delivery>,
}

/// Declares the stack.
pub fn stack(stack: &mut Stack, environment: &Environment, settings: &environment::Observability, shared: &Shared<'_>) {
    stack.description("Alarms, a dashboard and a budget");
    let watched = shared.fleets.map(|fleet| {
        let watch = Watch { environment, settings, fleet, topic: &shared.notifications.alarms };
        let alarms = watch.add(stack);
        let ill = ill(stack, fleet, &alarms.ill);
        (fleet, alarms, ill)
    });
    for (fleet, _, ill) in &watched {
        stack.output(outputs::colour_alarm(fleet.colour).name, ill.arn());
    }
    let all: Vec<&AlarmRef> = watched
        .iter()
        .flat_map(|(fleet, alarms, _)| alarms.all().chain(&fleet.alarms))
        .chain(&shared.jobs.alarms)
        .collect();
    dashboard::add(stack, environment, settings, shared, &all);
    if let Some(dollars) = settings.monthly_dollars {
        budget::add(stack, environment, dollars, shared.notifications);
    }
}

/// Adds the alarm that says that a colour works badly. It tells nobody: those that it is made of do.
fn ill(stack: &mut Stack, fleet: &Fleet, alarms: &[AlarmRef]) -> CompositeAlarmRef {
    let rings: Vec<Value<String>> =
        alarms.iter().chain(&fleet.alarms).map(|alarm| sub!("ALARM(\"{}\")", alarm.arn())).collect();
    let ill = CompositeAlarm::new(join(" OR ", rings))
        .alarm_description(format!("The {} fleet works badly; a swap to it goes back", fleet.colour));
    let ill = ill.accept(
        "security/alarm-actions",
        "A swap of colours watches it; people are told by the alarms that it is made of",
    );
    stack.add(&format!("{}IsIll", title(fleet.colour)), ill)
}

/// Writes a colour as the beginning of a logical id.
fn title(colour: Colour) -> &'static str {
    match colour {
        Colour::Blue => "Blue",
        Colour::Green => "Green",
    }
}
