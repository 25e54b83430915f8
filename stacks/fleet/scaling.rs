//! Keeps as many instances as there is work for, from none on.
//!
//! Each instance answers for so many tasks of the backlog. Two alarms compare the instances with it: one rings at once when
//! some are missing, the other when some have been too many for a while; how many decides how many come or go.
//!
//! An instance that works must not go. In an Auto Scaling group, agents protect their instances while they work, and where
//! commands do the work, the workflow protects those that have one. A Spot Fleet knows no protection: there, instances go
//! only when no work is left at all.

use job::metrics;
use resources::applicationautoscaling::{
    self as application, StepScalingPolicyConfigurationAdjustmentType as Adjustment,
};
use resources::autoscaling::{
    AutoScalingGroupRef, ScalingPolicy, ScalingPolicyAdjustmentType, ScalingPolicyMetricAggregationType,
    ScalingPolicyType, StepAdjustment,
};
use resources::cloudwatch::{
    Alarm, AlarmComparisonOperator, AlarmStatistic, AlarmTreatMissingData, Dimension, Metric, MetricDataQuery,
    MetricStat,
};
use resources::ec2::SpotFleetRef;
use template::{IntoValue, Stack, Value, sub};

use super::instances::{Instances, WARM_UP_SECONDS};
use crate::environment::Instances as Settings;

/// How often the backlog is counted, in seconds.
const PERIOD_SECONDS: u32 = 60;

/// How often EC2 says how large a Spot Fleet is, in seconds.
const SPOT_PERIOD_SECONDS: u32 = 300;

/// A range of how far a metric is beyond its alarm's threshold, and the number that belongs to it.
struct Step {
    from: u32,
    to: Option<u32>,
    number: u32,
}

/// Adds the policies and alarms of an Auto Scaling group.
pub(super) fn follow_backlog(
    instances: &Instances<'_>,
    stack: &mut Stack,
    group: &AutoScalingGroupRef,
    minimum: &Value<i64>,
) {
    let policy = |steps: Vec<StepAdjustment>| {
        ScalingPolicy::new(group.name())
            .policy_type(ScalingPolicyType::StepScaling)
            .adjustment_type(ScalingPolicyAdjustmentType::ChangeInCapacity)
            .metric_aggregation_type(ScalingPolicyMetricAggregationType::Maximum)
            .estimated_instance_warmup(WARM_UP_SECONDS)
            .step_adjustments(steps)
    };
    let step = |step: &Step, number: i64| {
        StepAdjustment::new(number).metric_interval_lower_bound(step.from).metric_interval_upper_bound(step.to)
    };
    let maximum = instances.settings.maximum;
    let more = rounded_up(maximum).iter().map(|of| step(of, of.number.into())).collect();
    let more = stack.add("MoreInstances", policy(more));
    let fewer = rounded_down(maximum).iter().map(|of| step(of, -i64::from(of.number))).collect();
    let fewer = stack.add("FewerInstances", policy(fewer));

    // A value that is late stands for itself until it comes.
    let present = "FILL(instances, REPEAT)";
    let needed = format!("CEIL(backlog / {})", instances.settings.tasks_per_instance);
    let missing = format!("{needed} - {present}");
    let missing = alarm("Instances are missing for the work that there is", 1).metrics([
        backlog(instances),
        desired(group),
        computed("missing", missing),
    ]);
    stack.add("InstancesMissing", missing.alarm_actions([more.arn()]));
    let surplus = sub!("{} - IF({} > {}, {}, {})", present, &needed, minimum, &needed, minimum);
    let surplus = alarm("Instances are there that nothing is left to do for", instances.settings.idle_minutes)
        .metrics([backlog(instances), desired(group), computed("surplus", surplus)]);
    stack.add("InstancesIdle", surplus.alarm_actions([fewer.arn()]));
}

/// Adds the policies and alarms of a Spot Fleet.
pub(super) fn follow_backlog_of_spot_fleet(
    instances: &Instances<'_>,
    stack: &mut Stack,
    fleet: &SpotFleetRef,
    target: &application::ScalableTargetRef,
) {
    let policy = |name: &str, steps: Vec<application::StepAdjustment>| {
        let steps = application::StepScalingPolicyConfiguration::new()
            .adjustment_type(Adjustment::ChangeInCapacity)
            .metric_aggregation_type(application::StepScalingPolicyConfigurationMetricAggregationType::Maximum)
            // Until its new size is known, a fleet is not changed again for the same reason.
            .cooldown(2 * SPOT_PERIOD_SECONDS)
            .step_adjustments(steps);
        application::ScalingPolicy::new(name, application::ScalingPolicyType::StepScaling)
            .scaling_target_id(target.id())
            .step_scaling_policy_configuration(steps)
    };
    let Settings { maximum, tasks_per_instance: each, idle_minutes, .. } = *instances.settings;
    let more = rounded_up(maximum).into_iter().map(|step| {
        application::StepAdjustment::new(step.number)
            .metric_interval_lower_bound(step.from)
            .metric_interval_upper_bound(step.to)
    });
    let more = stack.add("MoreInstances", policy("more", more.collect()));
    // The target's least number is where this ends.
    let least = application::StepAdjustment::new(-i64::from(maximum)).metric_interval_upper_bound(0);
    let least = stack.add("LeastInstances", policy("least", vec![least]));

    let capacity = Metric::new()
        .namespace("AWS/EC2Spot")
        .metric_name("TargetCapacity")
        .dimensions([Dimension::new("FleetRequestId", fleet.id())]);
    let missing = alarm("Instances are missing for the work that there is", 1).metrics([
        measured("backlog", backlog_metric(instances), SPOT_PERIOD_SECONDS),
        measured("capacity", capacity, SPOT_PERIOD_SECONDS),
        // A value that is late stands for itself until it comes; a fleet without any says nothing.
        MetricDataQuery::new("present").expression("FILL(capacity, REPEAT)").return_data(false),
        computed("missing", format!("CEIL(backlog / {each}) - FILL(present, 0)")),
    ]);
    stack.add("InstancesMissing", missing.alarm_actions([more.arn()]));
    let none = Alarm::new()
        .namespace(metrics::NAMESPACE)
        .metric_name(metrics::BACKLOG)
        .dimensions(dimensions(instances))
        .statistic(AlarmStatistic::Maximum)
        .period(PERIOD_SECONDS)
        .alarm_description("There has been no work for a while: as few instances as there may be")
        .comparison_operator(AlarmComparisonOperator::LessThanThreshold)
        .threshold(1)
        .evaluation_periods(idle_minutes)
        .treat_missing_data(AlarmTreatMissingData::NotBreaching);
    stack.add("NoWork", none.alarm_actions([least.arn()]));
}

/// Starts an alarm that rings when its metric has been 1 or more for so many minutes.
fn alarm(description: &str, minutes: u32) -> Alarm {
    Alarm::new()
        .alarm_description(description)
        .comparison_operator(AlarmComparisonOperator::GreaterThanOrEqualToThreshold)
        .threshold(1)
        .evaluation_periods(minutes)
        .treat_missing_data(AlarmTreatMissingData::NotBreaching)
}

fn backlog(instances: &Instances<'_>) -> MetricDataQuery {
    measured("backlog", backlog_metric(instances), PERIOD_SECONDS)
}

fn backlog_metric(instances: &Instances<'_>) -> Metric {
    Metric::new().namespace(metrics::NAMESPACE).metric_name(metrics::BACKLOG).dimensions(dimensions(instances))
}

/// How many instances the group is to have: those that are about to start are not asked for again.
fn desired(group: &AutoScalingGroupRef) -> MetricDataQuery {
    let metric = Metric::new()
        .namespace("AWS/AutoScaling")
        .metric_name("GroupDesiredCapacity")
        .dimensions([Dimension::new("AutoScalingGroupName", group.name())]);
    measured("instances", metric, PERIOD_SECONDS)
}

fn dimensions(instances: &Instances<'_>) -> [Dimension; 3] {
    crate::metrics::dimensions(instances.environment, instances.colour).map(|(name, value)| Dimension::new(name, value))
}

fn measured(id: &str, metric: Metric, period_seconds: u32) -> MetricDataQuery {
    MetricDataQuery::new(id).metric_stat(MetricStat::new(period_seconds, "Maximum", metric)).return_data(false)
}

fn computed(id: &str, expression: impl IntoValue<String>) -> MetricDataQuery {
    MetricDataQuery::new(id).expression(expression).return_data(true)
}

/// Ranges of a metric from 1 on, each with the number at its end: asking for more than the metric says at most by half,
/// so that a few ranges reach far. AWS allows 20.
fn rounded_up(maximum: u32) -> Vec<Step> {
    let ends = numbers(maximum);
    let begins = [0].into_iter().chain(ends.iter().copied());
    let last = ends.len() - 1;
    let steps = begins.zip(&ends).enumerate();
    steps.map(|(index, (from, end))| Step { from, to: (index < last).then_some(*end), number: *end }).collect()
}

/// Ranges of a metric from 1 on, each with the number at its beginning: asking for no more than the metric says.
fn rounded_down(maximum: u32) -> Vec<Step> {
    let begins = numbers(maximum);
    let next = |index: usize| begins.get(index + 1).map(|begin| begin - 1);
    let steps = begins.iter().enumerate();
    steps.map(|(index, begin)| Step { from: begin - 1, to: next(index), number: *begin }).collect()
}

/// Lists numbers of instances up to the greatest: 1, 2, 3, 4, 6, 8, 12, 16, 24, …
fn numbers(maximum: u32) -> Vec<u32> {
    let doubled = (0..).map(|power| 1_u32 << power).take_while(|number| *number < maximum);
    let mut numbers: Vec<_> = doubled.flat_map(|number| [number, number + number / 2]).collect();
    numbers.push(maximum);
    numbers.retain(|number| *number <= maximum);
    numbers.sort_unstable();
    numbers.dedup();
    numbers
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shape(steps: &[Step]) -> Vec<(u32, Option<u32>, u32)> {
        steps.iter().map(|step| (step.from, step.to, step.number)).collect()
    }

    #[test]
    fn numbers_reach_the_greatest_in_few_steps() {
        assert_eq!(numbers(1), [1]);
        assert_eq!(numbers(2), [1, 2]);
        assert_eq!(numbers(4), [1, 2, 3, 4]);
        assert_eq!(numbers(10), [1, 2, 3, 4, 6, 8, 10]);
        assert_eq!(numbers(1000).len(), 20);
    }

    /// A range is given by how far the metric is beyond the alarm's threshold, 1; it begins where the one before it ends.
    #[test]
    fn as_many_come_as_are_missing_or_a_few_more() {
        let expected = [(0, Some(1), 1), (1, Some(2), 2), (2, Some(3), 3), (3, Some(4), 4), (4, None, 6)];
        assert_eq!(shape(&rounded_up(6)), expected);
    }

    #[test]
    fn no_more_go_than_are_too_many() {
        let expected = [(0, Some(1), 1), (1, Some(2), 2), (2, Some(3), 3), (3, Some(5), 4), (5, None, 6)];
        assert_eq!(shape(&rounded_down(6)), expected);
    }
}
