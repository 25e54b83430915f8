//! The instances of a fleet: one launch template, and what keeps instances by it.

use job::Colour;
use resources::sqs::QueueRef;
use resources::{Tag, ec2, kind};
use template::{Declare, Id, Parameter, Stack, Value};

use super::{Shared, auto_scaling, launch_template, single, spot_fleet};
use crate::environment::{Environment, FleetKind, Instances as Settings};
use crate::network::Network;

/// The parameter of the stack that says how many instances there are at least. It changes as colours swap, so it is no
/// setting: a deployment leaves it as it is.
pub const MINIMUM_INSTANCES: &str = "MinimumInstances";

/// How long an instance takes until it works, in seconds.
pub(super) const WARM_UP_SECONDS: u32 = 300;

/// What the instances of a colour are made of.
pub(super) struct Instances<'a> {
    pub environment: &'a Environment,
    pub settings: &'a Settings,
    pub colour: Colour,
    pub shared: &'a Shared<'a>,
    pub network: &'a Network,
    pub task_queue: &'a QueueRef,
}

/// A launch template and its newest version.
pub(super) struct Template {
    pub id: Value<Id<kind::ec2::LaunchTemplate>>,
    pub version: Value<String>,
}

impl Instances<'_> {
    /// Adds the instances and what starts and stops them.
    pub(super) fn add(&self, stack: &mut Stack) {
        let minimum = self.minimum(stack);
        let data = launch_template::data(self, stack);
        let template = ec2::LaunchTemplate::new(data).accept_if(
            self.environment.fleet.kind == FleetKind::AutoScaling && self.network.public_addresses == Some(true),
            "security/public-address",
            "This environment has chosen the cheapest way out (`egress = \"public\"`), and no security group lets anything in",
        );
        let template = stack.add("LaunchTemplate", template);
        let template = Template { id: template.id(), version: template.latest_version_number() };
        match self.environment.fleet.kind {
            FleetKind::AutoScaling => auto_scaling::add(self, stack, &template, &minimum),
            FleetKind::SpotFleet => spot_fleet::add(self, stack, &template, &minimum),
            FleetKind::Instance => single::add(self, stack, &template, &minimum),
        }
    }

    /// Declares the parameter of the least number. A fleet that follows its work starts with none; a single instance does
    /// not, so the first deployment starts blue's.
    fn minimum(&self, stack: &mut Stack) -> Value<i64> {
        let first = u32::from(self.environment.fleet.kind == FleetKind::Instance && self.colour == Colour::Blue);
        let minimum = Parameter::integer()
            .description("How many instances there are at least; 0 where the colour idles")
            .min_value(0)
            .max_value(self.settings.maximum.into())
            .default(first);
        stack.parameter(MINIMUM_INSTANCES, minimum)
    }

    /// Returns what the colour's instances are called, and the group of them: by that name, agents know it.
    pub(super) fn name(&self) -> String {
        super::name(self.environment, self.colour)
    }

    /// Returns the tags that tell the instances of a colour from others; every resource has those of the environment.
    pub(super) fn own_tags(&self) -> [Tag; 2] {
        [Tag::new("Name", self.name()), Tag::new("colour", self.colour.as_str())]
    }
}
