//! Says how both colours stand, and where a swap is.

use cloud::Cloud;
use cloud::alarms::AlarmState;
use cloud::cloud_formation::StackDescription;
use serde::Serialize;
use template::Assembly;

use super::journal::Journal;
use super::observe::{Lookout, number, text};
use super::plan::deployed_template;
use super::versions::{is_same, version};
use super::{ColourNames, Colours, Names, System, WorkQuestion};
use crate::call::Context;
use crate::status::has_outputs;
use crate::{Error, Patience, event, lock_state, preflight};

/// How both colours stand.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SwapStatus {
    /// The colour that is live.
    pub live: String,
    /// What set the weights last.
    pub set_by: Option<String>,
    /// The two colours.
    pub colours: Vec<ColourStatus>,
    /// The swap that is under way, or that was done last.
    pub swap: Option<Journal>,
}

/// How a colour stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ColourStatus {
    /// The colour.
    pub colour: String,
    /// Its stack.
    pub stack: String,
    /// The status of its stack.
    pub status: String,
    /// Its version.
    pub version: String,
    /// Whether its template is that of these sources.
    pub is_current: bool,
    /// Whether it is the live one.
    pub is_live: bool,
    /// Its share of new work.
    pub weight: u32,
    /// How many instances, or workers, it has at least, where that is known.
    pub minimum: Option<u32>,
    /// How many messages wait in its queue.
    pub waiting: u64,
    /// How many messages a worker has.
    pub held: u64,
    /// How many jobs it works on, or is to.
    pub unfinished: u64,
    /// Its alarms.
    pub alarms: Vec<AlarmStatus>,
}

/// How an alarm stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct AlarmStatus {
    /// Its name.
    pub name: String,
    /// Its state, in CloudWatch's words.
    pub state: String,
    /// Whether it rings.
    pub rings: bool,
}

/// How new work is shared out: what deploying, and workers on this machine, need to know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    /// How the router stands; nothing where it is not deployed.
    pub router: Option<RouterStanding>,
    /// The colours whose stacks are deployed.
    pub deployed: Vec<String>,
    /// The swap that is under way.
    pub swap: Option<Journal>,
}

/// How the router stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RouterStanding {
    /// The colour that is live.
    pub live: String,
    /// The colours that get new work.
    pub working: Vec<String>,
}

/// Says how new work is shared out.
pub async fn standing(
    assembly: &Assembly,
    names: &Names,
    cloud: &Cloud,
    patience: Patience,
) -> Result<Standing, Error> {
    let context = Context { cloud, events: &event::silent, patience, run: "" };
    let describe = async |stack: &str| {
        let Some(stack) = assembly.stack(stack) else { return Ok(None) };
        let name = stack.stack_name.as_str();
        context.call(async || cloud.cloud_formation.describe_stack(name).await).await
    };
    let router = describe(&names.router).await?.and_then(|router| {
        let live = router.parameters.get(&names.live)?.clone();
        let has_work =
            |colour: &&ColourNames| router.parameters.get(&colour.weight).is_some_and(|weight| weight != "0");
        let working = names.colours.iter().filter(has_work).map(|colour| colour.name.clone()).collect();
        Some(RouterStanding { live, working })
    });
    let journal = read_journal(assembly, names, cloud, patience).await?;
    let mut deployed = Vec::new();
    for colour in &names.colours {
        if describe(&colour.stack).await?.is_some_and(|fleet| has_outputs(&fleet.status)) {
            deployed.push(colour.name.clone());
        }
    }
    Ok(Standing { router, deployed, swap: journal.filter(|journal| !journal.phase.is_end()) })
}

/// Says how both colours stand, and where a swap is.
pub async fn swap_status(
    assembly: &Assembly,
    names: &Names,
    cloud: &Cloud,
    system: &dyn System,
    patience: Patience,
) -> Result<SwapStatus, Error> {
    let context = Context { cloud, events: &event::silent, patience, run: "" };
    preflight::verify(&context, assembly).await?;
    let lookout = Lookout { context, assembly, names, system };
    let router = lookout.standing(&names.router).await?;
    let [one, other] = &names.colours;
    let colours = Colours { old: one.name.as_str(), new: other.name.as_str() };
    let work = system.work(&WorkQuestion { colours, since: system.now() }).await?;
    let colours = vec![
        lookout.colour(&router, one, work.unfinished.old).await?,
        lookout.colour(&router, other, work.unfinished.new).await?,
    ];
    Ok(SwapStatus {
        live: text(&router, &names.router, &names.live)?.to_owned(),
        set_by: router.parameters.get(&names.set_by).cloned(),
        colours,
        swap: read_journal(assembly, names, cloud, patience).await?,
    })
}

impl Lookout<'_> {
    async fn colour(
        &self,
        router: &StackDescription,
        colour: &ColourNames,
        unfinished: u64,
    ) -> Result<ColourStatus, Error> {
        let standing = self.standing(&colour.stack).await?;
        let template = deployed_template(self, &standing).await?;
        let sources = self.template(&colour.stack)?.template.to_json_pretty();
        let queues = &self.context.cloud.queues;
        let counts = match standing.output(&colour.queue.output) {
            Some(queue) => self.context.call(async || queues.counts(queue).await).await?,
            None => cloud::queues::QueueCounts::default(),
        };
        let minimum = match &colour.minimum {
            Some(parameter) => Some(number(&standing, &colour.stack, parameter)?),
            None => self.system.capacity(&colour.name).await?,
        };
        Ok(ColourStatus {
            colour: colour.name.clone(),
            stack: colour.stack.clone(),
            status: standing.status.to_string(),
            is_current: is_same(&template, &sources, &colour.name),
            version: version(&template, &standing.parameters, colour.minimum.as_deref(), &colour.name),
            is_live: text(router, &self.names.router, &self.names.live)? == colour.name,
            weight: number(router, &self.names.router, &colour.weight)?,
            minimum,
            waiting: counts.visible + counts.delayed,
            held: counts.in_flight,
            unfinished,
            alarms: alarms(self, colour, &standing).await?,
        })
    }
}

/// Reads the journal of the last swap.
pub(super) async fn read_journal(
    assembly: &Assembly,
    names: &Names,
    cloud: &Cloud,
    patience: Patience,
) -> Result<Option<Journal>, Error> {
    let state = lock_state(assembly, cloud, &names.locks, patience).await?;
    state.journal.map(Journal::read).transpose()
}

/// Returns the ARNs of a colour's alarms that its own stack makes.
pub(super) fn arns(colour: &ColourNames, standing: &StackDescription) -> Vec<String> {
    let listed = standing.output(&colour.alarms.output).unwrap_or_default();
    listed.split(',').map(str::trim).filter(|arn| !arn.is_empty()).map(str::to_owned).collect()
}

/// Returns the ARNs of all of a colour's alarms.
pub(super) async fn all_arns(
    lookout: &Lookout<'_>,
    colour: &ColourNames,
    standing: &StackDescription,
) -> Result<Vec<String>, Error> {
    let mut arns = arns(colour, standing);
    arns.extend(ill_arn(lookout, colour).await?);
    Ok(arns)
}

/// Returns the ARN of the alarm that is made of all of a colour's alarms, where there is one.
pub(super) async fn ill_arn(lookout: &Lookout<'_>, colour: &ColourNames) -> Result<Option<String>, Error> {
    let Some(ill) = &colour.ill else { return Ok(None) };
    Ok(lookout.standing(&ill.stack).await?.output(&ill.output).map(str::to_owned))
}

/// Says how a colour's alarms stand.
pub(super) async fn alarms(
    lookout: &Lookout<'_>,
    colour: &ColourNames,
    standing: &StackDescription,
) -> Result<Vec<AlarmStatus>, Error> {
    let arns = all_arns(lookout, colour, standing).await?;
    let names: Vec<String> = arns.iter().filter_map(|arn| Some(arn.split_once(":alarm:")?.1.to_owned())).collect();
    if names.is_empty() {
        return Ok(Vec::new());
    }
    let alarms = &lookout.context.cloud.alarms;
    let described = lookout.context.call(async || alarms.describe(&names).await).await?;
    let status = |alarm: cloud::alarms::AlarmDescription| AlarmStatus {
        rings: alarm.state == AlarmState::Alarm,
        state: alarm.state.to_string(),
        name: alarm.name,
    };
    Ok(described.into_iter().map(status).collect())
}
