//! A fleet as a Spot Fleet, for those who have one: AWS discourages new ones.
//!
//! `CloudFormation` changes the target capacity of a fleet, and makes another fleet for every other change. It knows no
//! protection from scale-in: an instance that is stopped gives its task back, uncounted. So instances go only when no work
//! is left.

use documents::iam as policy;
use resources::applicationautoscaling::{
    ScalableTarget, ScalableTargetScalableDimension, ScalableTargetServiceNamespace,
};
use resources::ec2::{
    FleetLaunchTemplateSpecification, LaunchTemplateConfig, LaunchTemplateOverrides, SpotCapacityRebalance,
    SpotCapacityRebalanceReplacementStrategy, SpotFleet, SpotFleetRequestConfigData,
    SpotFleetRequestConfigDataAllocationStrategy as Strategy, SpotFleetRequestConfigDataType,
    SpotMaintenanceStrategies,
};
use resources::iam;
use template::{Stack, Value, aws, sub};

use super::instances::{Instances, Template};
use super::scaling;

/// How long an instance that Spot is likely to take back works on beside its replacement, in seconds.
const REPLACEMENT_SECONDS: u32 = 300;

/// Adds the fleet and what scales it.
pub(super) fn add(instances: &Instances<'_>, stack: &mut Stack, template: &Template, minimum: &Value<i64>) {
    let settings = instances.settings;
    let version = FleetLaunchTemplateSpecification::new(&template.version).launch_template_id(&template.id);
    let pools = LaunchTemplateConfig::new().launch_template_specification(version).overrides(overrides(instances));
    let rebalance = SpotCapacityRebalance::new()
        .replacement_strategy(SpotCapacityRebalanceReplacementStrategy::LaunchBeforeTerminate)
        .termination_delay(REPLACEMENT_SECONDS);
    let request = SpotFleetRequestConfigData::new(role(instances, stack).arn(), minimum)
        .type_(SpotFleetRequestConfigDataType::Maintain)
        .allocation_strategy(Strategy::PriceCapacityOptimized)
        .launch_template_configs([pools])
        .replace_unhealthy_instances(true)
        .spot_maintenance_strategies(SpotMaintenanceStrategies::new().capacity_rebalance(rebalance))
        .terminate_instances_with_expiration(true);
    let fleet = stack.add("Instances", SpotFleet::new(request));

    let target = ScalableTarget::new(
        ScalableTargetServiceNamespace::Ec2,
        sub!("spot-fleet-request/{}", fleet.id()),
        ScalableTargetScalableDimension::Ec2SpotFleetRequestTargetCapacity,
        minimum,
        settings.maximum,
    );
    let target = stack.add("Capacity", target);
    scaling::follow_backlog_of_spot_fleet(instances, stack, &fleet, &target);
}

/// Every type in every subnet: each is a pool that Spot may take an instance from.
fn overrides(instances: &Instances<'_>) -> Vec<LaunchTemplateOverrides> {
    let types = (1..).zip(&instances.settings.types);
    let in_subnets = |(priority, name)| {
        let of_type = move |subnet| {
            LaunchTemplateOverrides::new().instance_type(name).subnet_id(subnet).priority(f64::from(priority))
        };
        instances.network.subnets.iter().map(of_type)
    };
    types.flat_map(in_subnets).collect()
}

/// Adds the role by which Spot Fleet starts, stops and tags instances.
fn role(instances: &Instances<'_>, stack: &mut Stack) -> iam::RoleRef {
    let tagging = sub!("arn:{}:iam::aws:policy/service-role/AmazonEC2SpotFleetTaggingRole", aws::partition());
    let trust = policy::trust(policy::service("spotfleet.amazonaws.com"));
    let role = instances.shared.bounds.role(trust).managed_policy_arns([tagging]);
    stack.add("FleetRole", role)
}
