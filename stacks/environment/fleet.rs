//! The fleets: their queues, and the instances that work on them.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::load::closest;
use super::network::Network;
use super::rules::{Problem, count, not_above, within};
use super::text::{ImageId, ParameterName};
use super::{Environment, instance_types};

/// The queue of a fleet, and the instances that work on it. Both colours are alike.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Fleet {
    /// What keeps the instances.
    pub kind: FleetKind,
    /// For how long tasks may wait, without a moment when none does, before the alarm rings, in seconds. Counted in steps
    /// of five minutes.
    #[schemars(range(min = 300, max = 86_400))]
    pub waiting_alarm_seconds: u32,
    /// The instances. Without them there are only the queues, and workers are run by other means.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub instances: Option<Instances>,
}

/// What keeps the instances of a fleet.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum FleetKind {
    /// An Auto Scaling group: on demand and Spot, as many as there is work for.
    #[default]
    AutoScaling,
    /// A Spot Fleet: as many as there is work for. AWS discourages it; most changes replace the fleet.
    SpotFleet,
    /// One instance on demand, which runs until its colour idles.
    Instance,
}

/// The instances of a fleet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Instances {
    /// The machine image, with GPU driver and engine.
    pub image: Image,
    /// Whether the image has the AWS CLI, which commands use. They install it where it is missing, which takes a way to the
    /// internet.
    #[serde(default)]
    pub image_has_aws_cli: bool,
    /// The instance types, the preferred one first; several are more likely to be had as Spot. Each has one GPU: more
    /// than that is more than a worker uses.
    #[schemars(length(min = 1, max = 40))]
    pub types: Vec<String>,
    /// The root volume.
    pub volume: Volume,
    /// How many instances a colour has at most; always one for a fleet of kind `instance`. How many it has at least is
    /// no setting, but a parameter of its stack, because it changes as the colours swap.
    #[serde(default = "one")]
    #[schemars(range(min = 1, max = 1000))]
    pub maximum: u32,
    /// How many instances are on demand before any is Spot. An Auto Scaling group's only.
    #[serde(default)]
    pub on_demand_base: u32,
    /// Which share of the instances above the base is on demand, in percent; the rest is Spot. An Auto Scaling group's
    /// only.
    #[serde(default)]
    #[schemars(range(max = 100))]
    pub on_demand_percentage: u32,
    /// How many tasks wait or are worked on for each instance before another one is started.
    #[serde(default = "four")]
    #[schemars(range(min = 1, max = 10_000))]
    pub tasks_per_instance: u32,
    /// For how long an instance must be too many before it is stopped, in minutes.
    #[serde(default = "a_quarter_of_an_hour")]
    #[schemars(range(min = 1, max = 60))]
    pub idle_minutes: u32,
}

/// The root volume of an instance, of type `gp3`. Types with an instance store keep their work there instead.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Volume {
    /// Its size, in GiB: what the image takes, and source and output of a title where there is no instance store.
    #[schemars(range(min = 8, max = 16_384))]
    pub gibibytes: u32,
    /// How many operations a second it does: at most 500 for each GiB.
    #[serde(default = "gp3_operations")]
    #[schemars(range(min = 3000, max = 16_000))]
    pub iops: u32,
    /// How much it transfers, in MiB a second: at most a quarter of the operations.
    #[serde(default = "gp3_throughput")]
    #[schemars(range(min = 125, max = 1000))]
    pub mebibytes_per_second: u32,
    /// The name that the image gives it.
    #[serde(default = "first_device")]
    pub device: String,
}

/// A machine image.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Image {
    /// By its id, such as `ami-0abcdef1234567890`.
    Id(ImageId),
    /// By a public or own parameter of the Parameter Store that holds the id. It is read at each deployment.
    SsmParameter(ParameterName),
}

impl Fleet {
    /// Collects what is wrong with the section.
    pub(super) fn problems(&self, problems: &mut Vec<Problem>, environment: &Environment) {
        within(problems, "fleet.waiting_alarm_seconds", self.waiting_alarm_seconds, 300..=86_400);
        let Some(instances) = &self.instances else { return };
        instances.problems(problems);
        self.kind.problems(problems, instances);
        match (&environment.network, self.kind) {
            (None, _) => problems.push(Problem {
                keys: vec!["fleet.instances"],
                message: "fleet.instances needs a network".into(),
                hint: Some(
                    "describe one by `[network.create]`, or name one that is there by `[network.existing]`".into(),
                ),
            }),
            (Some(Network::Existing(network)), FleetKind::AutoScaling | FleetKind::SpotFleet) => {
                network.must_span_zones(problems);
            }
            _ => {}
        }
    }
}

impl FleetKind {
    /// Collects what does not go with what keeps the instances.
    fn problems(self, problems: &mut Vec<Problem>, instances: &Instances) {
        let types = instances.types.len();
        let refused = match self {
            Self::AutoScaling | Self::SpotFleet if types < 2 => {
                vec![("fleet.instances.types", "needs two types at least, of which one can be had as Spot")]
            }
            // EC2 refuses a fleet with a larger share on demand than its size, which is none while its colour idles.
            Self::SpotFleet => [
                ("fleet.instances.on_demand_base", instances.on_demand_base > 0, "is Spot as a whole"),
                ("fleet.instances.on_demand_percentage", instances.on_demand_percentage > 0, "is Spot as a whole"),
            ]
            .into_iter()
            .filter(|(_, wrong, _)| *wrong)
            .map(|(key, _, message)| (key, message))
            .collect(),
            Self::Instance => [
                ("fleet.instances.types", types > 1, "has one instance, of one type"),
                ("fleet.instances.maximum", instances.maximum != 1, "has one instance"),
                ("fleet.instances.on_demand_base", instances.on_demand_base > 0, "is on demand as a whole"),
                ("fleet.instances.on_demand_percentage", instances.on_demand_percentage > 0, "is on demand as a whole"),
            ]
            .into_iter()
            .filter(|(_, wrong, _)| *wrong)
            .map(|(key, _, message)| (key, message))
            .collect(),
            Self::AutoScaling => vec![],
        };
        for (key, message) in refused {
            let message = format!("{key}: a fleet of kind `{}` {message}", self.as_str());
            problems.push(Problem { keys: vec![key, "fleet.kind"], message, hint: None });
        }
    }

    /// Returns the kind as environments write it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::AutoScaling => "auto-scaling",
            Self::SpotFleet => "spot-fleet",
            Self::Instance => "instance",
        }
    }
}

impl Instances {
    fn problems(&self, problems: &mut Vec<Problem>) {
        within(problems, "fleet.instances.maximum", self.maximum, 1..=1000);
        within(problems, "fleet.instances.on_demand_percentage", self.on_demand_percentage, 0..=100);
        within(problems, "fleet.instances.tasks_per_instance", self.tasks_per_instance, 1..=10_000);
        within(problems, "fleet.instances.idle_minutes", self.idle_minutes, 1..=60);
        let maximum = count("fleet.instances.maximum", self.maximum);
        not_above(problems, count("fleet.instances.on_demand_base", self.on_demand_base), maximum);
        self.volume.problems(problems);

        let key = "fleet.instances.types";
        if !(1..=40).contains(&self.types.len()) {
            let message = format!("{key} has {} entries; allowed: 1 to 40", self.types.len());
            problems.push(Problem { keys: vec![key], message, hint: None });
        }
        for (index, name) in self.types.iter().enumerate() {
            if let Some((message, hint)) = wrong_type(name, &self.types[..index]) {
                problems.push(Problem { keys: vec![key], message, hint: Some(hint) });
            }
        }
    }
}

/// Says what is wrong with an instance type, if anything is.
fn wrong_type(name: &str, before: &[String]) -> Option<(String, String)> {
    if before.iter().any(|other| other == name) {
        return Some((format!("instance type `{name}` stands twice"), "keep one of the two".to_owned()));
    }
    match instance_types::gpus(name) {
        Some(1) => None,
        Some(gpus) => {
            let message = format!("instance type `{name}` has {gpus} GPUs, but a worker uses one");
            Some((message, "take types with one GPU, and more instances".to_owned()))
        }
        None => {
            let known: Vec<_> = instance_types::all().filter(|(_, gpus)| *gpus == 1).map(|(name, _)| name).collect();
            let hint = closest(name, known.iter().map(String::as_str)).map_or_else(
                || format!("there are {}", known.join(", ")),
                |closest| format!("did you mean `{closest}`?"),
            );
            Some((format!("`{name}` is no instance type whose GPU encodes video"), hint))
        }
    }
}

impl Volume {
    /// Holds the volume to what EBS offers ("Amazon EBS volume types" in the EBS user guide).
    fn problems(&self, problems: &mut Vec<Problem>) {
        let (size, operations, throughput) = (
            "fleet.instances.volume.gibibytes",
            "fleet.instances.volume.iops",
            "fleet.instances.volume.mebibytes_per_second",
        );
        within(problems, size, self.gibibytes, 8..=16_384);
        within(problems, operations, self.iops, 3000..=16_000);
        within(problems, throughput, self.mebibytes_per_second, 125..=1000);
        // What every volume has, however small, is not held to the ratio.
        if self.iops > gp3_operations() && self.iops > self.gibibytes.saturating_mul(500) {
            let message =
                format!("{operations} is {}, but {} GiB allow {}", self.iops, self.gibibytes, self.gibibytes * 500);
            let hint = Some("at most 500 operations for each GiB".to_owned());
            problems.push(Problem { keys: vec![operations, size], message, hint });
        }
        if self.mebibytes_per_second.saturating_mul(4) > self.iops {
            let message = format!(
                "{throughput} is {}, but {} operations allow {}",
                self.mebibytes_per_second,
                self.iops,
                self.iops / 4
            );
            let hint = Some("at most a quarter of the operations".to_owned());
            problems.push(Problem { keys: vec![throughput, operations], message, hint });
        }
        if !self.device.starts_with("/dev/") || self.device.chars().any(char::is_whitespace) {
            let key = "fleet.instances.volume.device";
            let message = format!("{key} is `{}`, which names no device, such as `/dev/sda1`", self.device);
            problems.push(Problem { keys: vec![key], message, hint: None });
        }
    }
}

impl Default for Fleet {
    fn default() -> Self {
        Self { kind: FleetKind::default(), waiting_alarm_seconds: 3600, instances: None }
    }
}

fn one() -> u32 {
    1
}

fn four() -> u32 {
    4
}

fn a_quarter_of_an_hour() -> u32 {
    15
}

fn gp3_operations() -> u32 {
    3000
}

fn gp3_throughput() -> u32 {
    125
}

fn first_device() -> String {
    "/dev/sda1".to_owned()
}
