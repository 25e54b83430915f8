//! Everything that there is, behind one lock; time passes when it is looked at.

use std::collections::BTreeMap;
use std::time::Duration;

use cloud::Result;
use cloud::cloud_formation::StackStatus;
use serde_json::Value;

use crate::calls::Calls;
use crate::clock::Clock;
use crate::drift::Detection;
use crate::physical::{Maker, partition, suffix};
use crate::random::Random;
use crate::refactor::Refactor;
use crate::refusal::invalid;
use crate::settings::{During, ResourceFault, Settings, Verb};
use crate::stack::{Revision, Stack};
use crate::storage::Storage;
use crate::template::{Looked, Scope};
use crate::world::World;

/// Everything that there is.
#[derive(Debug)]
pub(crate) struct State {
    pub settings: Settings,
    pub random: Random,
    clock: Clock,
    /// How long the simulation has run, at the moment that is being simulated.
    pub now: Duration,
    /// All stacks by ARN, deleted ones too.
    pub stacks: BTreeMap<String, Stack>,
    /// The ARNs of those that are not deleted, by name.
    pub live: BTreeMap<String, String>,
    pub world: World,
    /// What is exported, by name.
    pub exports: BTreeMap<String, Exported>,
    pub storage: Storage,
    pub detections: BTreeMap<String, Detection>,
    pub refactors: BTreeMap<String, Refactor>,
    pub faults: Vec<ResourceFault>,
    /// The faults that struck: stack, logical id, reason.
    pub struck: Vec<(String, String, String)>,
    pub calls: Calls,
    /// What was asked for with a token.
    pub tokens: BTreeMap<String, String>,
    /// What will happen, in order.
    wakes: BTreeMap<(Duration, u64), Wake>,
    sequence: u64,
}

/// An exported value.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Exported {
    pub value: String,
    pub stack: String,
}

/// Something that will happen.
#[derive(Clone, Debug)]
pub(crate) enum Wake {
    /// A stack is compared with what there is.
    Drift { detection: String },
    /// A move of resources is prepared, or carried out.
    Refactor { id: String },
    /// A change set is made.
    ChangeSet { stack: String, id: String },
    /// The operation begins that a stack has accepted, or its next phase does.
    Phase { stack: String, operation: u64 },
    /// The thing that a task makes is there, but not ready.
    Initiated { stack: String, operation: u64, task: usize },
    /// A task is over.
    Finished { stack: String, operation: u64, task: usize },
}

impl State {
    pub fn new(seed: u64, settings: Settings) -> Self {
        Self {
            settings,
            random: Random::new(seed),
            clock: Clock::start(),
            now: Duration::ZERO,
            stacks: BTreeMap::new(),
            live: BTreeMap::new(),
            world: World::default(),
            exports: BTreeMap::new(),
            storage: Storage::default(),
            detections: BTreeMap::new(),
            refactors: BTreeMap::new(),
            faults: Vec::new(),
            struck: Vec::new(),
            calls: Calls::default(),
            tokens: BTreeMap::new(),
            wakes: BTreeMap::new(),
            sequence: 0,
        }
    }

    /// Lets everything happen that was to happen until now.
    pub fn advance(&mut self) {
        let until = self.clock.elapsed();
        while let Some(entry) = self.wakes.first_entry() {
            if entry.key().0 > until {
                break;
            }
            let ((time, _), wake) = entry.remove_entry();
            self.now = time;
            self.happen(wake);
        }
        self.now = until;
    }

    fn happen(&mut self, wake: Wake) {
        match wake {
            Wake::Drift { detection } => self.compare_stack(&detection),
            Wake::Refactor { id } => self.go_on_refactoring(&id),
            Wake::ChangeSet { stack, id } => self.make_change_set(&stack, &id),
            Wake::Phase { stack, operation } => self.next_phase(&stack, operation),
            Wake::Initiated { stack, operation, task } => self.initiated(&stack, operation, task),
            Wake::Finished { stack, operation, task } => self.finished(&stack, operation, task),
        }
    }

    /// Lets something happen in a while.
    pub fn wake(&mut self, after: Duration, wake: Wake) {
        let number = self.next();
        self.wakes.insert((self.now + after, number), wake);
    }

    /// Returns a number that nothing had before.
    pub fn next(&mut self) -> u64 {
        self.sequence += 1;
        self.sequence
    }

    /// Puts a stack without resources into a state that others left it in.
    pub fn put_stack(&mut self, name: &str, status: StackStatus) {
        let number = self.next().to_string();
        let id = self.stack_id(name, &number);
        let mut stack = Stack::new(name, id.clone(), self.now);
        stack.status = status;
        self.stacks.insert(id.clone(), stack);
        self.live.insert(name.to_owned(), id);
    }

    /// Makes the ARN of a new stack.
    pub fn stack_id(&self, name: &str, number: &str) -> String {
        let uuid = self.random.uuid(&["stack", name, number]);
        let Settings { region, account, .. } = &self.settings;
        format!("arn:{}:cloudformation:{region}:{account}:stack/{name}/{uuid}", partition(region))
    }

    /// Finds a stack by its name, or, also if it is deleted, by its ARN.
    pub fn find(&self, stack: &str) -> Option<&Stack> {
        self.stacks.get(self.live.get(stack).map_or(stack, String::as_str))
    }

    /// Finds the ARN of a stack that there must be.
    pub fn existing(&self, operation: &'static str, stack: &str) -> Result<String> {
        let found = self.find(stack).map(|stack| stack.id.clone());
        found.ok_or_else(|| invalid(operation, format!("Stack [{stack}] does not exist")))
    }

    pub fn maker<'m>(&'m self, stack: &'m Stack, logical_id: &'m str, salt: &'m str) -> Maker<'m> {
        Maker {
            random: self.random,
            region: &self.settings.region,
            account: &self.settings.account,
            stack_name: &stack.name,
            logical_id,
            salt,
        }
    }

    /// Evaluates something of a template for a stack as it is now, with `resource` to look up resources.
    pub fn within<T>(
        &self,
        stack: &Stack,
        revision: &Revision,
        resource: &dyn Fn(&str, Option<&str>) -> Looked,
        evaluate: impl FnOnce(&Scope<'_>) -> T,
    ) -> T {
        self.within_exports(stack, revision, &self.exports, resource, evaluate)
    }

    /// Does the same where others export something else.
    pub fn within_exports<T>(
        &self,
        stack: &Stack,
        revision: &Revision,
        exports: &BTreeMap<String, Exported>,
        resource: &dyn Fn(&str, Option<&str>) -> Looked,
        evaluate: impl FnOnce(&Scope<'_>) -> T,
    ) -> T {
        let region = self.settings.region.as_str();
        let pseudo = BTreeMap::from([
            ("AWS::AccountId", Value::from(self.settings.account.as_str())),
            ("AWS::NotificationARNs", Value::Array(Vec::new())),
            ("AWS::Partition", partition(region).into()),
            ("AWS::Region", region.into()),
            ("AWS::StackId", stack.id.as_str().into()),
            ("AWS::StackName", stack.name.as_str().into()),
            ("AWS::URLSuffix", suffix(region).into()),
        ]);
        let export = |name: &str| exports.get(name).map(|exported| exported.value.clone());
        evaluate(&Scope::new(&revision.template, &revision.parameters.values, pseudo, resource, &export))
    }

    /// Looks up what `Ref` and `Fn::GetAtt` of a resource give now.
    pub fn look(&self, stack: &Stack, name: &str, attribute: Option<&str>) -> Looked {
        let Some(resource) = stack.resources.get(name) else { return Looked::Nothing };
        let Some(physical_id) = &resource.physical_id else { return Looked::Later };
        let Some(attribute) = attribute else { return Looked::Value(physical_id.as_str().into()) };
        let thing = self.world.get(&resource.resource_type, physical_id);
        let found = thing.and_then(|thing| thing.attributes.get(attribute).cloned());
        let property = || attribute.split('.').try_fold(&resource.properties, |value, key| value.get(key)).cloned();
        match found.or_else(property) {
            Some(value) => Looked::Value(value),
            // The function behind a custom resource may answer anything.
            None if schemas::schema(&resource.resource_type).is_none() => {
                Looked::Value(format!("{physical_id}.{attribute}").into())
            }
            None => Looked::Nothing,
        }
    }

    /// Looks up a parameter of Systems Manager.
    pub fn stored_parameter(&self, name: &str) -> Option<String> {
        let thing = self.world.get("AWS::SSM::Parameter", name)?;
        thing.properties["Value"].as_str().map(str::to_owned)
    }

    /// Says why a resource fails now, if it does.
    pub fn strike(&mut self, stack: &str, logical_id: &str, verb: Verb, is_rollback: bool) -> Option<String> {
        let name = self.stacks.get(stack)?.name.clone();
        let fault = self.faults.iter_mut().find(|fault| {
            let in_time = match fault.during {
                During::Any => true,
                During::Forward => !is_rollback,
                During::Rollback => is_rollback,
            };
            let in_stack = fault.stack.is_empty() || fault.stack == name;
            fault.times > 0 && in_time && in_stack && fault.logical_id == logical_id && fault.verb == verb
        });
        let reason = match fault {
            Some(fault) => {
                fault.times = if fault.times == u32::MAX { u32::MAX } else { fault.times - 1 };
                Some(fault.reason.clone())
            }
            None => self.strike_by_chance(stack, logical_id, verb),
        }?;
        self.struck.push((name, logical_id.to_owned(), reason.clone()));
        Some(reason)
    }

    fn strike_by_chance(&self, stack: &str, logical_id: &str, verb: Verb) -> Option<String> {
        let moment = format!("{verb:?}{:?}", self.now);
        let drawn = self.random.per_thousand(&["fault", stack, logical_id, &moment]);
        (drawn < u64::from(self.settings.failures_per_thousand)).then(|| {
            "Resource handler returned message: \"Internal failure\" (HandlerErrorCode: InternalFailure)".to_owned()
        })
    }
}
