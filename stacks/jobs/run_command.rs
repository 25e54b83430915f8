//! Lets commands of Systems Manager do the work, as the seeds do it, but for a whole fleet: a title goes to an instance
//! that is healthy and has no other, and is followed until it has ended.
//!
//! All of it is one branch of a parallel state, so that it is tried again as a whole, by the kind of its failure: with
//! another instance, most likely. Its variables are its own.

mod end;

use documents::object;
use documents::states::{
    Flow, Map, Parallel, Pass, Task, Wait, aws_sdk, catch_all, choice, fail, jsonata, map, parallel, pass, start_at,
    wait_seconds,
};
use job::Engine;
use job::keys::enhanced_key_expression;
use resources::ssm::DocumentRef;
use template::{Expression, IntoValue, Json, Value};

use self::end::{
    ask_after_command, ask_after_instance, broken, cancel_command, lost, out_of_time, read_problem, refused,
};
use super::record::{now, patiently, this_execution};
use super::{Machines, base64url};
use crate::commands::Commands;
use crate::environment::FleetKind;
use crate::fleet;

/// The error by which a title fails that took longer than it may: it is not tried again.
pub(super) const OUT_OF_TIME_ERROR: &str = "out-of-time";

/// The first SSM agent that hands parameters over as environment variables, so that no shell reads them as code.
const OLDEST_SSM_AGENT: [u32; 3] = [3, 3, 2746];

/// How long a command may wait until an instance takes it, in seconds: the instance has just been seen.
const DELIVERY_SECONDS: u32 = 600;

/// The first pause between two looks, in seconds.
const FIRST_PAUSE_SECONDS: u32 = 10;
/// Events that an execution writes from one look to the next, and how many it may write in all: Step Functions ends it
/// at 25,000.
const EVENTS_A_LOOK: u32 = 24;
const EVENTS: u32 = 20_000;

/// The state that ends an instance's protection.
const LET_GO: &str = "Unprotect";

/// How often an instance, or its command, may be missed in a row.
const MISSES: u32 = 3;
/// How many instances Systems Manager lists at once: its maximum.
const INSTANCES_A_PAGE: u32 = 50;

/// Reads the report that the command printed. A map of the one text, because a state must be a task, a map or a parallel
/// one to catch an error.
pub(super) fn read_report() -> Map {
    let parse = pass().output(jsonata("$parse($states.input)"));
    map(jsonata("$states.input"), start_at("ParseReport", parse)).assign("output", jsonata("$states.result[0]"))
}

impl Machines<'_> {
    /// Returns the document that enhances a title by the environment's engine; there is one for those that have an image of
    /// their own, which the rules of environments ask for.
    pub(super) fn document<'c>(&self, commands: &'c Commands) -> &'c DocumentRef {
        match self.environment.recipe.engine {
            Engine::Walrus { .. } => &commands.enhance_walrus,
            _ => &commands.enhance_bluewhale,
        }
    }

    /// Finds out which version of the document holds now: the one for every try of this job.
    pub(super) fn pin_document(&self, commands: &Commands) -> Task {
        aws_sdk("ssm", "describeDocument")
            .argument("Name", self.document(commands).name())
            .assign("document_version", jsonata("$states.result.Document.DefaultVersion"))
            .retry([patiently()])
    }

    /// Has an instance of the colour `$colour` enhance the title. The result is a list of one: what the command printed.
    pub(super) fn enhance_by_command(&self, commands: &Commands) -> Parallel {
        let flow = self.find_instance(start_at("Begin", self.begin()));
        let flow = self.run_command(flow, commands);
        parallel([self.put_things_right(flow)])
    }

    fn begin(&self) -> Pass {
        let milliseconds = u64::from(self.environment.times.title_timeout_seconds) * 1000;
        pass()
            .assign("table", self.storage.jobs.name())
            .assign("holder", jsonata("$uuid()"))
            .assign("begin", jsonata("$millis()"))
            .assign("deadline", jsonata(format!("$millis() + {milliseconds}")))
            .assign("pause", FIRST_PAUSE_SECONDS)
            .assign("page", "")
            .assign("instance", "")
            .assign("command", "")
            .assign("misses", 0)
            .assign("report", "")
            .assign("problem", object! {})
    }

    /// Adds the states that find an instance which nobody has, and take it.
    fn find_instance(&self, flow: Flow) -> Flow {
        let more = choice().when("$page != ''", "FindInstances").when("$millis() > $deadline", "OutOfTime");
        flow.state("FindInstances", self.find_instances().catch([broken()]))
            .state("IsOneThere", choice().when("$count($candidates) = 0", "AreThereMore"))
            .state("FindLeases", Self::find_leases().catch([broken()]))
            .state("IsOneFree", choice().when("$count($free) > 0", "TakeInstance"))
            .state("AreThereMore", more)
            .state("AwaitInstance", self.pause().next("FindInstances"))
            .state("TakeInstance", self.take_instance(broken()))
    }

    /// Lists the instances of the colour that Systems Manager reaches, a page at a time.
    fn find_instances(&self) -> Task {
        let tagged = |tag: &str, value: &str| format!("{{'Key': 'tag:{tag}', 'Values': [{value}]}}");
        let filters = [
            tagged("app", &format!("'{}'", self.environment.app)),
            tagged("environment", &format!("'{}'", self.environment.name)),
            tagged("colour", "$colour"),
            "{'Key': 'PingStatus', 'Values': ['Online']}".to_owned(),
        ];
        let arguments = format!(
            "$merge([{{'Filters': [{}], 'MaxResults': {INSTANCES_A_PAGE}}}, $page = '' ? {{}} : {{'NextToken': $page}}])",
            filters.join(", ")
        );
        let [major, minor, patch] = OLDEST_SSM_AGENT;
        let candidates = format!(
            "($is_new := function($version) {{( $part := $map($split($version, '.'), function($text) {{ $number($text) }}); \
             $part[0] > {major} or $part[0] = {major} and ($part[1] > {minor} or $part[1] = {minor} and $part[2] >= {patch}) \
             )}}; [$states.result.InstanceInformationList[PingStatus = 'Online' and $is_new(AgentVersion)].InstanceId])"
        );
        aws_sdk("ssm", "describeInstanceInformation")
            .arguments(jsonata(arguments))
            .assign("candidates", jsonata(candidates))
            .assign("page", jsonata("$exists($states.result.NextToken) ? $states.result.NextToken : ''"))
            .retry([patiently()])
    }

    /// Waits, longer each time.
    fn pause(&self) -> Wait {
        let longest = self.longest_pause_seconds();
        wait_seconds(jsonata("$pause")).assign("pause", jsonata(format!("$min([$ceil($pause * 1.5), {longest}])")))
    }

    /// How long pauses grow: so long that an execution which does nothing but look, for as long as a job may take, stays
    /// clear of the limit of events.
    pub(super) fn longest_pause_seconds(&self) -> u32 {
        let looks = EVENTS / EVENTS_A_LOOK;
        (self.environment.times.job_timeout_seconds / looks).max(6 * FIRST_PAUSE_SECONDS)
    }

    /// Adds the states that send the command, and look at it until it has ended.
    fn run_command(&self, flow: Flow, commands: &Commands) -> Flow {
        let ended = choice()
            .when("$status = 'Success'", "GiveBack")
            .when("$status in ['Pending', 'InProgress', 'Delayed', 'Cancelling']", "AskAfterInstance")
            .otherwise("ReadProblem");
        let missed = choice()
            .when(format!("$misses >= {MISSES}"), "Lost")
            .when("$millis() > $deadline", "OutOfTime")
            .otherwise("AwaitCommand");
        // Whoever ends this execution reads off the job's item which instance is protected.
        let flow = flow.state("CountAttempt", self.count_attempt().catch([broken()]));
        let flow = match self.environment.fleet.kind {
            FleetKind::AutoScaling => {
                flow.state("ProtectInstance", self.protect_instance(true).retry([patiently()]).catch([broken()]))
            }
            FleetKind::SpotFleet | FleetKind::Instance => flow,
        };
        flow.state("SendCommand", self.send_command(commands).catch([broken()]))
            .state("RecordCommand", self.record_command().catch([broken()]))
            .state("AwaitCommand", self.pause())
            .state("RenewLease", self.renew_lease().catch([broken()]))
            .state("AskAfterCommand", ask_after_command())
            .state("HasItEnded", ended)
            .state("AskAfterInstance", ask_after_instance().catch([broken()]))
            .state("IsItMissed", missed)
    }

    /// Keeps the group from taking the instance away while it works; or lets it again.
    fn protect_instance(&self, protected: bool) -> Task {
        let group = fleet::name(self.environment, "' & $colour");
        aws_sdk("autoscaling", "setInstanceProtection")
            .argument("AutoScalingGroupName", jsonata(format!("'{group}")))
            .argument("InstanceIds", jsonata("[$instance]"))
            .argument("ProtectedFromScaleIn", protected)
    }

    /// Counts the attempt in the job's item, which says who has the instance.
    fn count_attempt(&self) -> Task {
        self.change(
            "SET attempt = attempt + :one, instance = :instance, holder = :holder, updated = :now REMOVE command",
            "execution = :me",
            object! {
                ":me": { "S": this_execution() },
                ":one": { "N": "1" },
                ":instance": { "S": jsonata("$instance") },
                ":holder": { "S": jsonata("$holder") },
                ":now": { "S": now() },
            },
        )
        .argument("ReturnValues", "UPDATED_NEW")
        .assign("attempt", jsonata("$states.result.Attributes.attempt.N"))
    }

    /// Sends the command. Not twice: where the answer is lost, it may run.
    fn send_command(&self, commands: &Commands) -> Task {
        let whose = format!("{} {}", self.environment.app, self.environment.name);
        let logs = object! { "CloudWatchLogGroupName": commands.log.name(), "CloudWatchOutputEnabled": true };
        aws_sdk("ssm", "sendCommand")
            .argument("DocumentName", self.document(commands).name())
            .argument("DocumentVersion", jsonata("$document_version"))
            .argument("InstanceIds", jsonata("[$instance]"))
            .argument("Comment", jsonata(format!("'{whose}: job ' & $substring($id, 0, 12)")))
            .argument("TimeoutSeconds", DELIVERY_SECONDS)
            .argument("Parameters", self.parameters())
            .argument("CloudWatchOutputConfig", logs)
            .assign("command", jsonata("$states.result.Command.CommandId"))
            .assign("pause", FIRST_PAUSE_SECONDS)
    }

    /// What the document is told. Keys go as base64url; no other text comes from outside.
    fn parameters(&self) -> Value<Json> {
        let recipe = &self.environment.recipe;
        let encoding = &recipe.encoding;
        let output_key = enhanced_key_expression("$source.key", recipe.scale, "$id", encoding.container.as_str());
        let of_engine = match &recipe.engine {
            Engine::Bluewhale { model } => vec![("Model", model.as_str().to_owned())],
            Engine::Walrus { gamma, prompt } => {
                vec![("Gamma", gamma.to_string()), ("Prompt", prompt.as_str().to_owned())]
            }
            Engine::RealEsrgan | Engine::SwinIr | Engine::Scale => vec![],
        };
        let of_recipe = [
            ("Codec", encoding.codec.as_str().to_owned()),
            ("Quality", encoding.quality.to_string()),
            ("Preset", encoding.preset.as_str().to_owned()),
            ("PixelFormat", encoding.pixel_format.as_str().to_owned()),
            ("Container", encoding.container.as_str().to_owned()),
        ];
        let known = of_engine.into_iter().chain(of_recipe).map(|(name, text)| (name, text.into_value()));
        let of_job: [(&str, Value<Json>); 9] = [
            ("Job", jsonata("$id").into_value()),
            ("Attempt", jsonata("$attempt").into_value()),
            ("SourceBucket", jsonata("$source.bucket").into_value()),
            ("SourceKey", jsonata(base64url::expression("$source.key")).into_value()),
            ("SourceVersion", jsonata("$exists($source.version) ? $source.version : ''").into_value()),
            ("SourceEtag", jsonata("$source.etag").into_value()),
            ("SourceBytes", jsonata("$string($source.bytes)").into_value()),
            ("OutputBucket", self.storage.enhanced.name().into_value()),
            ("OutputKey", jsonata(base64url::expression(&output_key)).into_value()),
        ];
        // Systems Manager knows lists of texts only.
        let list = |(name, value): (&'static str, Value<Json>)| (name, Expression::list([value.into_expression()]));
        Value::from_expression(Expression::map(known.chain(of_job).map(list)))
    }

    fn record_command(&self) -> Task {
        self.change(
            "SET command = :command, updated = :now",
            "execution = :me",
            object! {
                ":me": { "S": this_execution() },
                ":command": { "S": jsonata("$command") },
                ":now": { "S": now() },
            },
        )
    }

    /// Adds the states after the command: what went wrong is read, and nothing is left behind.
    fn put_things_right(&self, flow: Flow) -> Flow {
        let flow = flow
            .state("ReadProblem", read_problem().next("GiveBack"))
            .state("Lost", lost().next("WasItSent"))
            .state("OutOfTime", out_of_time(self.environment.times.title_timeout_seconds).next("WasItSent"))
            .state("Broken", refused())
            .state("WasItSent", choice().when("$instance = ''", "DidItSucceed").when("$command = ''", "GiveBack"))
            .state("CancelCommand", cancel_command("IsItLost"))
            // What a lost instance still does, nobody knows; its lease runs out by itself.
            .state("IsItLost", choice().when(format!("$misses >= {MISSES}"), self.let_go_state("Count")));
        self.give_back(flow, "Count")
            .state("Count", self.count_outcome("DidItSucceed"))
            .state("DidItSucceed", choice().when("$exists($problem.error)", "CommandFailed"))
            .state("CommandSucceeded", pass().output(jsonata("$report")).end())
            .state("CommandFailed", fail(jsonata("$problem.error"), jsonata("$string($problem.cause)")))
    }

    /// Adds the states that take back the command of an execution that has ended, and free its instance. They read the
    /// job's item.
    pub(super) fn free_instance(&self, flow: Flow, next: &str) -> Flow {
        let text = |attribute: &str| jsonata(format!("$exists({attribute}) ? {attribute}.S : ''"));
        let read = pass()
            .assign("command", text("$states.input.command"))
            .assign("instance", text("$states.input.instance"))
            .assign("holder", text("$states.input.holder"))
            .assign("colour", text("$states.input.colour"));
        let flow = flow
            .state("ReadCommand", read)
            .state("HasItAnInstance", choice().when("$instance = ''", next).when("$command = ''", "GiveBack"))
            .state("CancelCommand", cancel_command("GiveBack"));
        self.give_back(flow, next)
    }

    /// Adds the states that give the lease of the instance `$instance` back, and let the group take it away.
    fn give_back(&self, flow: Flow, next: &str) -> Flow {
        let flow = flow.state("GiveBack", self.give_lease_back(self.let_go_state(next)));
        match self.environment.fleet.kind {
            FleetKind::AutoScaling => {
                let let_go = self.protect_instance(false).retry([patiently()]).catch([catch_all(next)]);
                flow.state(LET_GO, let_go.next(next))
            }
            FleetKind::SpotFleet | FleetKind::Instance => flow,
        }
    }

    /// Returns the state that lets the group take an instance away, where there is one; or the next one.
    fn let_go_state<'s>(&self, next: &'s str) -> &'s str {
        match self.environment.fleet.kind {
            FleetKind::AutoScaling => LET_GO,
            FleetKind::SpotFleet | FleetKind::Instance => next,
        }
    }
}
