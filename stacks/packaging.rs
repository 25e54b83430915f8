//! Makes streams of enhanced videos by MediaConvert: a queue, and a job template for each format.
//!
//! The templates are for people, who start a job with one of them and name the input. The workflow says the same for each
//! title by itself, with as many audio and subtitle tracks as the title has.

pub(crate) mod settings;

use documents::iam as policy;
use resources::mediaconvert::{
    AccelerationSettings, AccelerationSettingsMode, JobTemplate, JobTemplateRef, Queue, QueuePricingPlan, QueueRef,
};
use template::{Stack, aws, sub};

use crate::environment::{self, Environment, Renditions, StreamFormat};
use crate::identity::{self, Identity};
use settings::Streams;

/// The rule by which Step Functions hears that a job of MediaConvert has ended. It makes the rule itself.
///
/// See "Create AWS Elemental MediaConvert jobs with Step Functions" in its developer guide.
const RULE: &str = "StepFunctionsGetEventsForMediaConvertJobRule";

/// What later stacks use of it.
#[derive(Debug)]
pub struct Packaging {
    /// Takes the jobs.
    pub queue: QueueRef,
    /// Describes a job of the environment's format.
    pub template: JobTemplateRef,
}

/// Declares the stack.
pub fn stack(
    stack: &mut Stack,
    environment: &Environment,
    settings: &environment::Packaging,
    identity: &Identity,
) -> Packaging {
    stack.description("The way from an enhanced video to streams");
    let name = |what: &str| format!("{}-{}-{what}", environment.app, environment.name);
    let queue = Queue::new()
        .name(name("streams"))
        .description(format!("Streams of {} {}", environment.app, environment.name))
        .pricing_plan(QueuePricingPlan::OnDemand);
    let queue = stack.add("Queue", queue);

    let mut template = |logical_id: &str, format: StreamFormat| {
        let streams = Streams { format, settings, encoding: environment.recipe.encoding };
        let template = JobTemplate::new(streams.template())
            .name(name(format.as_str()))
            .description(format!("Makes {} of an enhanced video", logical_id.to_uppercase()))
            .queue(queue.arn())
            .acceleration_settings(acceleration(settings.renditions));
        stack.add(logical_id, template)
    };
    let [hls, dash, cmaf] = [("Hls", StreamFormat::Hls), ("Dash", StreamFormat::Dash), ("Cmaf", StreamFormat::Cmaf)]
        .map(|(logical_id, format)| template(logical_id, format));
    let template = match settings.format {
        StreamFormat::Hls => hls,
        StreamFormat::Dash => dash,
        StreamFormat::Cmaf => cmaf,
    };

    let_package(stack, identity, &queue, &template);
    Packaging { queue, template }
}

/// Automated renditions are recommended to be accelerated; a single one would only become dearer.
fn acceleration(renditions: Renditions) -> AccelerationSettings {
    AccelerationSettings::new(match renditions {
        Renditions::Automated => AccelerationSettingsMode::Preferred,
        Renditions::Single => AccelerationSettingsMode::Disabled,
    })
}

/// Lets the workflow start jobs, by the role that reads and writes, and hear how they end.
fn let_package(stack: &mut Stack, identity: &Identity, queue: &QueueRef, template: &JobTemplateRef) {
    let (partition, region, account) = (aws::partition(), aws::region(), aws::account_id());
    let jobs = sub!("arn:{}:mediaconvert:{}:{}:jobs/*", &partition, &region, &account);
    let rule = sub!("arn:{}:events:{}:{}:rule/{}", partition, region, account, RULE);
    let create = policy::allow(["mediaconvert:CreateJob"]).on((queue.arn(), template.arn()));
    let follow =
        policy::allow(["mediaconvert:CancelJob", "mediaconvert:GetJob", "mediaconvert:TagResource"]).on([jobs]);
    let pass = policy::allow(["iam:PassRole"])
        .on([identity.packaging_role.arn()])
        .when(policy::string_equals("iam:PassedToService", ["mediaconvert.amazonaws.com"]));
    let hear = policy::allow(["events:DescribeRule", "events:PutRule", "events:PutTargets"]).on([rule]);
    identity::let_workflow(stack, identity, "WorkflowPackages", [create, follow, pass, hear]);
}
