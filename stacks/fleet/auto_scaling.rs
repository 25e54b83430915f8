//! A fleet as an Auto Scaling group: several types, Spot above an on-demand floor, as many as there is work for.

use documents::iam as policy;
use resources::autoscaling::{
    AutoScalingGroup, AutoScalingGroupRef, InstancesDistribution, LaunchTemplate, LaunchTemplateOverrides,
    LaunchTemplateSpecification, LifecycleHook, LifecycleHookDefaultResult, LifecycleHookLifecycleTransition,
    MetricsCollection, MixedInstancesPolicy, NotificationConfiguration,
};
use template::{Declare, RollingUpdate, Stack, UpdatePolicy, Value};

use super::instances::{Instances, Template, WARM_UP_SECONDS};
use super::scaling;
use crate::identity;

/// How long an instance that is to go is waited for, in seconds: as long as Spot would wait. The agent needs less.
const FAREWELL_SECONDS: u32 = 120;

/// Adds the group and what scales it.
pub(super) fn add(instances: &Instances<'_>, stack: &mut Stack, template: &Template, minimum: &Value<i64>) {
    let settings = instances.settings;
    let told = NotificationConfiguration::new(instances.shared.notifications.alarms.arn())
        .notification_types(["autoscaling:EC2_INSTANCE_LAUNCH_ERROR", "autoscaling:EC2_INSTANCE_TERMINATE_ERROR"]);
    // How many instances there are now is nobody's to say here: it is left as it is.
    let group = AutoScalingGroup::new(minimum, settings.maximum.to_string())
        .auto_scaling_group_name(instances.name())
        .vpc_zone_identifier(&instances.network.subnets)
        .mixed_instances_policy(mix(instances, template))
        .capacity_rebalance(true)
        .cooldown(WARM_UP_SECONDS.to_string())
        .default_instance_warmup(WARM_UP_SECONDS)
        .health_check_type("EC2")
        .health_check_grace_period(WARM_UP_SECONDS)
        // Each agent protects its instance while it works, and only then.
        .new_instances_protected_from_scale_in(false)
        .metrics_collection([MetricsCollection::new("1Minute")])
        .notification_configurations([told]);
    let group = stack.add("Instances", group.update_policy(UpdatePolicy::rolling(rolling(settings.maximum))));

    let farewell =
        LifecycleHook::new(group.name(), LifecycleHookLifecycleTransition::AutoscalingEc2InstanceTerminating)
            .lifecycle_hook_name(job::group::FAREWELL_HOOK)
            .heartbeat_timeout(FAREWELL_SECONDS)
            .default_result(LifecycleHookDefaultResult::Continue);
    stack.add("Farewell", farewell);
    let_keep(instances, stack, &group);
    scaling::follow_backlog(instances, stack, &group, minimum);
}

/// Several types, of which Spot takes the one that is least likely to be taken back among those that cost little.
fn mix(instances: &Instances<'_>, template: &Template) -> MixedInstancesPolicy {
    let settings = instances.settings;
    let types = settings.types.iter().map(|name| LaunchTemplateOverrides::new().instance_type(name));
    let version = LaunchTemplateSpecification::new(&template.version).launch_template_id(&template.id);
    // Without a percentage, AWS takes 100: no Spot at all.
    let distribution = InstancesDistribution::new()
        .on_demand_allocation_strategy("prioritized")
        .on_demand_base_capacity(settings.on_demand_base)
        .on_demand_percentage_above_base_capacity(settings.on_demand_percentage)
        .spot_allocation_strategy("price-capacity-optimized");
    MixedInstancesPolicy::new(LaunchTemplate::new(version).overrides(types.collect::<Vec<_>>()))
        .instances_distribution(distribution)
}

/// Replaces a quarter of the instances at a time when the launch template changes. Their tasks go back to the queue.
///
/// New instances send no signal: one that Spot takes back meanwhile would fail the update. Whether the new version works
/// is tried out on the colour that idles, before any work is given to it.
fn rolling(maximum: u32) -> RollingUpdate {
    RollingUpdate::new()
        .max_batch_size(maximum.div_ceil(4))
        .min_instances_in_service(0)
        .pause_time("PT5M")
        .suspend_processes(["AlarmNotification", "AZRebalance", "HealthCheck", "ReplaceUnhealthy", "ScheduledActions"])
}

/// Lets an instance keep itself while it works, and say goodbye when it goes.
fn let_keep(instances: &Instances<'_>, stack: &mut Stack, group: &AutoScalingGroupRef) {
    let keep = ["autoscaling:CompleteLifecycleAction", "autoscaling:SetInstanceProtection"];
    let keep = policy::allow(keep).on([group.arn()]);
    identity::let_worker(stack, instances.shared.identity, "WorkerKeepsInstance", keep);
}
