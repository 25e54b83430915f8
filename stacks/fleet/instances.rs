//! The instances of a fleet: an Auto Scaling group of several types, Spot above an on-demand floor.

use documents::iam as policy;
use job::Colour;
use resources::sqs::QueueRef;
use resources::{Tag, autoscaling, ec2, kind};
use template::sub::named;
use template::{Assume, Expression, Id, IntoValue, Stack, Value, aws, base64, dynamic, sub};

use super::Shared;
use crate::environment::{Environment, Image, Instances, SecurityGroupId, SubnetId};
use crate::identity;

/// Where the artifact bucket has the agent: the one that belongs to this version.
const AGENT_KEY: &str = concat!("agent/", env!("CARGO_PKG_VERSION"), "/baleen-agent");

/// How long an instance takes until its agent works, in seconds.
const WARM_UP_SECONDS: u32 = 300;

/// Adds the launch template and the group.
pub(super) fn add(
    stack: &mut Stack,
    environment: &Environment,
    instances: &Instances,
    colour: Colour,
    shared: &Shared<'_>,
    task_queue: &QueueRef,
) {
    let fetch = policy::allow(["s3:GetObject"]).on([sub!("{}/{}", shared.bootstrap.artifacts.arn(), AGENT_KEY)]);
    identity::let_worker(stack, shared.identity, "WorkerFetchesAgent", fetch);

    let user_data = user_data(environment, colour, shared, task_queue);
    let template = launch_template(environment, instances, colour, shared).user_data(base64(user_data));
    let template = stack.add("LaunchTemplate", ec2::LaunchTemplate::new(template));
    let version = autoscaling::LaunchTemplateSpecification::new(template.latest_version_number());

    let types = instances.types.iter().map(|name| autoscaling::LaunchTemplateOverrides::new().instance_type(name));
    let mix = autoscaling::LaunchTemplate::new(version.launch_template_id(template.id()))
        .overrides(types.collect::<Vec<_>>());
    let distribution = autoscaling::InstancesDistribution::new()
        .on_demand_allocation_strategy("prioritized")
        .on_demand_base_capacity(instances.on_demand_base)
        .on_demand_percentage_above_base_capacity(instances.on_demand_percentage)
        .spot_allocation_strategy("price-capacity-optimized");
    let told = autoscaling::NotificationConfiguration::new(shared.notifications.alarms.arn())
        .notification_types(["autoscaling:EC2_INSTANCE_LAUNCH_ERROR", "autoscaling:EC2_INSTANCE_TERMINATE_ERROR"]);
    let subnets: Vec<Value<Id<kind::ec2::Subnet>>> = existing(instances.subnets.iter().map(SubnetId::as_str));
    // How many instances there are now is nobody's to say here: it is left as it is.
    let group = autoscaling::AutoScalingGroup::new(instances.minimum.to_string(), instances.maximum.to_string())
        .vpc_zone_identifier(subnets)
        .mixed_instances_policy(autoscaling::MixedInstancesPolicy::new(mix).instances_distribution(distribution))
        .capacity_rebalance(true)
        .cooldown(WARM_UP_SECONDS.to_string())
        .default_instance_warmup(WARM_UP_SECONDS)
        .health_check_type("EC2")
        .health_check_grace_period(WARM_UP_SECONDS)
        .metrics_collection([autoscaling::MetricsCollection::new("1Minute")])
        .notification_configurations([told]);
    stack.add("Instances", group);
}

fn launch_template(
    environment: &Environment,
    instances: &Instances,
    colour: Colour,
    shared: &Shared<'_>,
) -> ec2::LaunchTemplateData {
    let image: Value<String> = match &instances.image {
        Image::Id(id) => id.as_str().into_value(),
        Image::SsmParameter(name) => dynamic::ssm(name, None),
    };
    let volume = ec2::Ebs::new()
        .delete_on_termination(true)
        .encrypted(true)
        .volume_size(instances.volume_gibibytes)
        .volume_type(ec2::EbsVolumeType::Gp3);
    let root = ec2::BlockDeviceMapping::new().device_name(&instances.root_device).ebs(volume);
    let metadata = ec2::MetadataOptions::new()
        .http_endpoint(ec2::MetadataOptionsHttpEndpoint::Enabled)
        .http_tokens(ec2::MetadataOptionsHttpTokens::Required)
        .http_put_response_hop_limit(1);
    let name = format!("{}-{}-{colour}", environment.app, environment.name);
    let named = || vec![Tag::new("Name", &name)];
    // The group hands its tags on to instances, but not to their volumes.
    let own = crate::tags(environment).into_iter().map(|(key, value)| Tag::new(key, value));
    let tagged = |kind, tags: Vec<Tag>| ec2::TagSpecification::new().resource_type(kind).tags(tags);
    let tagged = [
        tagged(ec2::TagSpecificationResourceType::Instance, named()),
        tagged(ec2::TagSpecificationResourceType::Volume, named().into_iter().chain(own).collect()),
    ];
    let groups = instances.security_groups.iter().map(SecurityGroupId::as_str);
    let groups: Vec<Value<Id<kind::ec2::SecurityGroup>>> = existing(groups);
    ec2::LaunchTemplateData::new()
        .image_id(image)
        .iam_instance_profile(ec2::IamInstanceProfile::new().arn(shared.identity.instance_profile.arn()))
        .security_group_ids(groups)
        .block_device_mappings([root])
        .ebs_optimized(true)
        .metadata_options(metadata)
        .monitoring(ec2::Monitoring::new().enabled(true))
        .instance_initiated_shutdown_behavior(ec2::LaunchTemplateDataInstanceInitiatedShutdownBehavior::Terminate)
        .tag_specifications(tagged)
}

/// Fills in the script that installs the agent.
fn user_data(environment: &Environment, colour: Colour, shared: &Shared<'_>, task_queue: &QueueRef) -> Value<String> {
    let unit: &str = include_str!("../../assets/baleen-agent.service");
    let values = [
        ("REGION", aws::region()),
        ("URL_SUFFIX", aws::url_suffix()),
        ("APP", environment.app.as_str().into_value()),
        ("ENVIRONMENT", environment.name.as_str().into_value()),
        ("COLOUR", colour.as_str().into_value()),
        ("TASK_QUEUE", task_queue.url().into_value()),
        ("JOB_TABLE", shared.storage.jobs.name().into_value()),
        ("ARTIFACT_BUCKET", shared.bootstrap.artifacts.name().into_value()),
        ("AGENT_KEY", AGENT_KEY.into_value()),
        ("UNIT", unit.trim_end().into_value()),
    ];
    named(include_str!("../../assets/start_agent.py"), &values)
        .unwrap_or_else(|error| Value::from_expression(Expression::invalid(error, "mend assets/start_agent.py")))
}

/// Takes the ids of what exists outside of the app.
fn existing<'i, T>(ids: impl Iterator<Item = &'i str>) -> Vec<Value<T>> {
    ids.map(Assume::assume).collect()
}
