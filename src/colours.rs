//! The two colours, as swapping, deploying and workers on this machine need to know them.

use async_trait::async_trait;
use cloud::Cloud;
use jiff::Timestamp;
use job::Colour;
use pipeline::{Places, Smoke, SmokeState};
use stacks::environment::FleetKind;
use stacks::outputs::{Output, ROUTER, STATE_MACHINE, colour_alarm, fleet, fleet_alarms, task_queue};
use stacks::{fleet as fleets, router};
use template::Assembly;
use toolkit::Kept;
use toolkit::swap::{
    ColourNames, Colours, Names, OutputName, Phase, Settings, SmokeStatus, Standing, System, SystemError, Work,
    WorkQuestion,
};

use crate::cloud_access::{self, output, outputs, patience};
use crate::error::{Error, Result};
use crate::local_cloud::{self, Workers};
use crate::lock;
use crate::printer::Printer;
use crate::session::Session;

/// The clip that tries out a colour; see `assets/sample/README.md`.
const SAMPLE: &[u8] = include_bytes!("../assets/sample/big_buck_bunny_320x180.mp4");
const SAMPLE_FRAMES: u64 = 100;
const SAMPLE_SIZE: [u32; 2] = [320, 180];

/// The quotas of EC2 on instances of the families G and VT, in vCPUs, by their codes in Service Quotas.
const SPOT_QUOTA: &str = "L-3819A6DF";
const ON_DEMAND_QUOTA: &str = "L-DB2E81BA";

/// Names what a swap works with.
pub fn names(session: &Session) -> Names {
    let environment = &session.environment;
    let name = |output: Output| OutputName { stack: output.stack.to_owned(), output: output.name.to_owned() };
    let colour = |colour: Colour| ColourNames {
        name: colour.to_string(),
        stack: fleet(colour).to_owned(),
        weight: router::weight_parameter(colour).to_owned(),
        minimum: environment.fleet.instances.as_ref().map(|_| fleets::MINIMUM_INSTANCES.to_owned()),
        queue: name(task_queue(colour)),
        alarms: name(fleet_alarms(colour)),
        ill: environment.observability.as_ref().map(|_| name(colour_alarm(colour))),
    };
    Names {
        router: ROUTER.to_owned(),
        live: router::LIVE_COLOUR.to_owned(),
        set_by: router::SET_BY.to_owned(),
        colours: Colour::ALL.map(colour),
        locks: lock::table(),
    }
}

/// Takes a swap's settings from the environment.
pub fn settings(session: &Session) -> Settings {
    let swap = &session.environment.swap;
    Settings {
        steps: swap.steps.clone(),
        step_minutes: swap.step_minutes,
        bake_minutes: swap.bake_minutes,
        verified_jobs: swap.verified_jobs,
        smoke_minutes: swap.smoke_minutes,
        drain_hours: swap.drain_hours,
        warm: session.environment.local.as_ref().map_or(swap.warm_instances, |local| local.workers),
    }
}

/// Says how new work is shared out.
pub async fn standing(session: &Session, assembly: &Assembly, cloud: &Cloud) -> Result<Standing> {
    Ok(toolkit::swap::standing(assembly, &names(session), cloud, patience(session)).await?)
}

/// Lists the stacks that a deployment leaves alone: the live colour's, and during a swap both.
pub fn kept(session: &Session, standing: &Standing) -> Vec<Kept> {
    let Some(router) = &standing.router else { return Vec::new() };
    let reason = |colour: &ColourNames| match &standing.swap {
        Some(swap) => Some(format!("a swap from {} to {} is under way", swap.old, swap.new)),
        None if colour.name == router.live => Some(format!("{} is live", colour.name)),
        None => router.working.contains(&colour.name).then(|| format!("{} gets new work", colour.name)),
    };
    let kept = |colour: &ColourNames| Some(Kept { stack: colour.stack.clone(), reason: reason(colour)? });
    // What is not there does no work.
    let is_there = |colour: &&ColourNames| standing.deployed.contains(&colour.name);
    names(session).colours.iter().filter(is_there).filter_map(kept).collect()
}

/// Says which workers of this machine are wanted: those of the live colour, and during a swap those of both.
pub fn wanted_workers(session: &Session, standing: &Standing) -> Workers {
    let is_wanted = |colour: &Colour| {
        let name = colour.as_str();
        let Some(router) = &standing.router else { return *colour == Colour::Blue };
        match &standing.swap {
            Some(swap) => match swap.phase {
                Phase::Lowering => swap.new == name,
                Phase::Cooling => swap.old == name,
                _ => true,
            },
            None => router.live == name || router.working.iter().any(|working| working == name),
        }
    };
    let colours: Vec<_> = Colour::ALL.into_iter().filter(is_wanted).collect();
    local_cloud::workers_of(session, &colours)
}

/// Makes sure that the workers of this machine run that are wanted.
pub async fn ensure_workers(
    session: &Session,
    assembly: &Assembly,
    cloud: &Cloud,
    endpoint_url: &str,
    places: &Places,
    printer: &Printer,
) -> Result<()> {
    let wanted = wanted_workers(session, &standing(session, assembly, cloud).await?);
    local_cloud::ensure_workers(session, endpoint_url, places, &wanted, printer)
}

/// The running system of an environment.
pub struct Running<'a> {
    session: &'a Session,
    cloud: &'a Cloud,
    places: Places,
    workflow: String,
    /// Where the emulator listens, where the system runs on this machine.
    endpoint_url: Option<&'a str>,
    suffixes: Vec<String>,
    printer: &'a Printer,
}

impl<'a> Running<'a> {
    /// Finds the system.
    pub async fn find(
        session: &'a Session,
        assembly: &Assembly,
        cloud: &'a Cloud,
        endpoint_url: Option<&'a str>,
        printer: &'a Printer,
    ) -> Result<Self> {
        let places = cloud_access::entrance(session, assembly, cloud).await?;
        let stacks = outputs(session, assembly, cloud, &[STATE_MACHINE]).await?;
        Ok(Self {
            session,
            cloud,
            places,
            workflow: output(session, &stacks, STATE_MACHINE)?,
            endpoint_url,
            suffixes: session.environment.jobs.suffixes.iter().map(ToString::to_string).collect(),
            printer,
        })
    }

    fn smoke<'b>(&'b self, colour: Colour, swap: &'b str) -> Smoke<'b> {
        Smoke {
            name: swap,
            colour,
            clip: SAMPLE,
            frames: SAMPLE_FRAMES,
            size: SAMPLE_SIZE,
            bucket: &self.places.source_bucket,
            table: &self.places.job_table,
            workflow: &self.workflow,
            recipe: &self.session.environment.recipe,
            suffixes: &self.suffixes,
        }
    }

    /// Starts workers of this machine anew that were killed or crashed.
    fn keep_workers(&self) -> std::result::Result<(), SystemError> {
        let Some(endpoint_url) = self.endpoint_url else { return Ok(()) };
        let root = &self.session.root;
        let status = local::status(root).map_err(|error| trouble(error.into()))?;
        if status.workers.iter().all(|worker| worker.is_alive) {
            return Ok(());
        }
        let workers = local_cloud::workers(root).map_err(trouble)?;
        local_cloud::ensure_workers(self.session, endpoint_url, &self.places, &workers, self.printer).map_err(trouble)
    }

    /// Says why the account's quota does not suffice for both colours at once.
    async fn quota(&self, old: Colour, warm: u32) -> std::result::Result<Option<String>, SystemError> {
        let environment = &self.session.environment;
        let Some(instances) = &environment.fleet.instances else { return Ok(None) };
        let is_spot = match environment.fleet.kind {
            FleetKind::AutoScaling => instances.on_demand_percentage < 100,
            FleetKind::SpotFleet => true,
            FleetKind::Instance => false,
        };
        let code = if is_spot { SPOT_QUOTA } else { ON_DEMAND_QUOTA };
        let allowed = self.cloud.quotas.quota("ec2", code).await.map_err(|error| trouble(error.into()))?;
        let Some(allowed) = allowed else { return Ok(None) };
        let present = match environment.fleet.kind {
            FleetKind::AutoScaling => {
                let group = self.cloud.auto_scaling.group(&fleets::name(environment, old)).await;
                group.map_err(|error| trouble(error.into()))?.map_or(0, |group| group.desired)
            }
            FleetKind::SpotFleet | FleetKind::Instance => warm,
        };
        let largest = instances.types.iter().map(|name| virtual_processors(name)).max().unwrap_or_default();
        let needed = (present + warm) * largest;
        Ok((f64::from(needed) > allowed).then(|| {
            let kind = if is_spot { "Spot" } else { "on-demand" };
            format!(
                "the account may have {allowed} vCPUs of {kind} instances of the families G and VT (quota {code}), but both \
                 colours may need {needed}"
            )
        }))
    }
}

#[async_trait]
impl System for Running<'_> {
    fn now(&self) -> u64 {
        Timestamp::now().as_second().try_into().unwrap_or_default()
    }

    async fn obstacles(&self, old: &str, _new: &str, warm: u32) -> std::result::Result<Vec<String>, SystemError> {
        Ok(self.quota(colour(old)?, warm).await?.into_iter().collect())
    }

    async fn work(&self, question: &WorkQuestion<'_>) -> std::result::Result<Work, SystemError> {
        self.keep_workers()?;
        let since = Timestamp::from_second(question.since.try_into().unwrap_or(i64::MAX)).unwrap_or(Timestamp::MAX);
        let work =
            pipeline::work(self.cloud, &self.places.job_table, since).await.map_err(|error| trouble(error.into()))?;
        let [old, new] = [colour(question.colours.old)?, colour(question.colours.new)?];
        let unfinished = |colour| work.unfinished.get(&colour).copied().unwrap_or_default();
        let verified = |colour| work.done.get(&colour).copied().unwrap_or_default();
        Ok(Work {
            unfinished: Colours { old: unfinished(old), new: unfinished(new) },
            verified: Colours { old: verified(old), new: verified(new) },
            undecided: work.undecided,
        })
    }

    async fn is_ready(&self, name: &str, minimum: u32) -> std::result::Result<bool, SystemError> {
        let environment = &self.session.environment;
        if self.endpoint_url.is_some() {
            return Ok(self.capacity(name).await?.is_none_or(|workers| workers >= minimum));
        }
        if environment.fleet.instances.is_none() || environment.fleet.kind != FleetKind::AutoScaling {
            // CloudFormation waited for the instance, or nobody can tell: the sample clip tries it out.
            return Ok(true);
        }
        let group = self.cloud.auto_scaling.group(&fleets::name(environment, name)).await;
        Ok(group.map_err(|error| trouble(error.into()))?.is_some_and(|group| group.in_service >= minimum))
    }

    async fn capacity(&self, name: &str) -> std::result::Result<Option<u32>, SystemError> {
        if self.endpoint_url.is_none() {
            return Ok(None);
        }
        let workers = local_cloud::workers(&self.session.root).map_err(trouble)?;
        Ok(Some(workers.get(&colour(name)?).copied().unwrap_or_default()))
    }

    async fn set_capacity(&self, name: &str, count: u32) -> std::result::Result<(), SystemError> {
        let Some(endpoint_url) = self.endpoint_url else { return Ok(()) };
        let mut workers = local_cloud::workers(&self.session.root).map_err(trouble)?;
        workers.insert(colour(name)?, count);
        local_cloud::ensure_workers(self.session, endpoint_url, &self.places, &workers, self.printer).map_err(trouble)
    }

    async fn start_smoke(&self, name: &str, swap: &str) -> std::result::Result<(), SystemError> {
        let started = self.smoke(colour(name)?, swap).start(self.cloud).await;
        started.map_err(|error| trouble(error.into()))
    }

    async fn smoke(&self, name: &str, swap: &str) -> std::result::Result<SmokeStatus, SystemError> {
        let state = Running::smoke(self, colour(name)?, swap).state(self.cloud).await;
        Ok(match state.map_err(|error| trouble(error.into()))? {
            SmokeState::Missing => SmokeStatus::Missing,
            SmokeState::Running => SmokeStatus::Running,
            SmokeState::Verified => SmokeStatus::Verified,
            SmokeState::Failed { reason } => SmokeStatus::Failed { reason },
        })
    }
}

fn trouble(error: Error) -> SystemError {
    SystemError { message: error.summary(), hints: error.hints }
}

fn colour(name: &str) -> std::result::Result<Colour, SystemError> {
    let found = Colour::ALL.into_iter().find(|colour| colour.as_str() == name);
    found.ok_or_else(|| SystemError { message: format!("there is no colour `{name}`"), hints: Vec::new() })
}

/// Returns how many virtual processors an instance type of the families G has: four times what its size says.
fn virtual_processors(name: &str) -> u32 {
    let size = name.rsplit('.').next().unwrap_or_default();
    match size.strip_suffix("xlarge") {
        Some("") => 4,
        Some(times) => times.parse::<u32>().map_or(0, |times| times.saturating_mul(4)),
        None => 2,
    }
}

#[cfg(test)]
mod tests {
    use super::virtual_processors;

    #[test]
    fn sizes_say_how_many_processors_there_are() {
        for (name, expected) in [("g6e.xlarge", 4), ("g6e.2xlarge", 8), ("g6.48xlarge", 192), ("g4dn.large", 2)] {
            assert_eq!(virtual_processors(name), expected, "{name}");
        }
    }
}
