//! Auto Scaling: how many instances, of which kind, and when.

use std::collections::BTreeSet;

use tree::Finding;

use super::instances::{instance_type, is_arm};
use super::scaling_rules::{ARCHITECTURE, BOUNDS, HOOK, ON_DEMAND, POLICY, SPOT, STEPS, STRATEGY, UPDATE};
use crate::look::{Resource, View};
use crate::words::quoted;

/// Checks a group.
pub(super) fn group(group: &Resource<'_>, findings: &mut Vec<Finding>) {
    bounds(group.at("MinSize"), group.at("DesiredCapacity"), group.at("MaxSize"), findings);
    for hook in group.at("LifecycleHookSpecificationList").items() {
        heartbeat(hook, findings);
    }
    let least = group.view.at("UpdatePolicy/AutoScalingRollingUpdate/MinInstancesInService");
    if let (Some(kept), Some(most)) = (least.integer(), group.at("MaxSize").integer())
        && kept >= most.max(1)
    {
        let message = format!("`MinInstancesInService` is {kept}, but must be less than `MaxSize`, which is {most}");
        findings.push(least.finding(&UPDATE, message));
    }
    let mixed = group.at("MixedInstancesPolicy");
    if mixed.is_known() {
        distribution(group, mixed, findings);
        types(mixed, findings);
    }
}

/// Checks that the least is at most what is wanted, and that at most the most.
fn bounds(least: View<'_>, wanted: View<'_>, most: View<'_>, findings: &mut Vec<Finding>) {
    for (lower, name, upper, other) in [
        (least, "MinSize", most, "MaxSize"),
        (least, "MinSize", wanted, "DesiredCapacity"),
        (wanted, "DesiredCapacity", most, "MaxSize"),
    ] {
        if let (Some(small), Some(large)) = (lower.integer(), upper.integer())
            && small > large
        {
            let message = format!("`{name}` is {small}, but `{other}` is {large}");
            findings.push(lower.finding(&BOUNDS, message).hint("`MinSize` ≤ `DesiredCapacity` ≤ `MaxSize`"));
        }
    }
}

/// Checks a planned change of a group's size.
pub(super) fn scheduled(action: &Resource<'_>, findings: &mut Vec<Finding>) {
    bounds(action.at("MinSize"), action.at("DesiredCapacity"), action.at("MaxSize"), findings);
}

/// Checks a hook of its own.
pub(super) fn hook(hook: &Resource<'_>, findings: &mut Vec<Finding>) {
    heartbeat(hook.properties, findings);
}

fn heartbeat(hook: View<'_>, findings: &mut Vec<Finding>) {
    let time = hook.get("HeartbeatTimeout");
    if let Some(seconds) = time.integer().filter(|seconds| !(30..=7200).contains(seconds)) {
        findings
            .push(time.finding(&HOOK, format!("`HeartbeatTimeout` is {seconds}, but must be from 30 to 7200 seconds")));
    }
    let (target, role) = (hook.get("NotificationTargetARN"), hook.get("RoleARN"));
    if !target.is_absent() && !target.is("") && role.is_absent() && hook.is_closed() {
        let message =
            "`NotificationTargetARN` is set, but `RoleARN` is absent: the hook may not send its notifications";
        findings.push(
            target.finding(&HOOK, message).hint("give it a role that may send there, or use a rule of EventBridge"),
        );
    }
}

fn distribution(group: &Resource<'_>, mixed: View<'_>, findings: &mut Vec<Finding>) {
    let own = mixed.get("InstancesDistribution");
    let (strategy, pools) = (own.get("SpotAllocationStrategy"), own.get("SpotInstancePools"));
    let share = own.get("OnDemandPercentageAboveBaseCapacity");
    let wants_spot = [strategy, pools, own.get("SpotMaxPrice")].iter().any(|view| !view.is_absent());
    if wants_spot && share.is_absent() && own.is_closed() {
        let message = "`OnDemandPercentageAboveBaseCapacity` is 100 if it is not set: there is no Spot instance at all";
        findings.push(own.finding(&ON_DEMAND, message).hint("set it, to 0 for nothing but Spot instances"));
    }
    if let Some(text) = strategy.text() {
        if !pools.is_absent() && text != "lowest-price" {
            let message =
                format!("`SpotInstancePools` goes with `lowest-price` only, but the strategy is {}", quoted(&text));
            findings.push(pools.finding(&STRATEGY, message).hint("leave it out"));
        }
        if text == "lowest-price" {
            let message = "`lowest-price` takes Spot instances where they are interrupted soonest";
            findings.push(strategy.finding(&STRATEGY, message).hint("write `price-capacity-optimized`"));
        }
    }
    let overrides = mixed.at("LaunchTemplate/Overrides");
    let has_spot = share.integer().is_some_and(|share| share < 100);
    let names: BTreeSet<String> =
        overrides.items().filter_map(|one| one.get("InstanceType").text()).map(std::borrow::Cow::into_owned).collect();
    let is_counted = overrides.is_known()
        && overrides.is_closed()
        && overrides.items().all(|one| one.get("InstanceType").text().is_some());
    if has_spot && is_counted && names.len() == 1 {
        let message = format!("the Spot instances of `{}` are of one type only", group.id);
        findings.push(
            overrides.finding(&SPOT, message).hint("allow two types or more: where one is short, another may do"),
        );
    }
}

fn types(mixed: View<'_>, findings: &mut Vec<Finding>) {
    let mut arm = None;
    for one in mixed.at("LaunchTemplate/Overrides").items() {
        let view = one.get("InstanceType");
        instance_type(view, findings);
        // With a launch template of its own a type has an image of its own.
        if !one.get("LaunchTemplateSpecification").is_absent() {
            continue;
        }
        let Some((text, is_arm)) = view.text().and_then(|text| Some((text.clone(), is_arm(&text)?))) else { continue };
        match &arm {
            Some((first, other)) if *other != is_arm => {
                let kind = |arm| if arm { "Arm" } else { "x86" };
                let message =
                    format!("`{text}` is {}, but `{first}` is {}: no image runs on both", kind(is_arm), kind(*other));
                findings.push(
                    view.finding(&ARCHITECTURE, message)
                        .hint("give the override a `LaunchTemplateSpecification` of its own"),
                );
                return;
            }
            Some(_) => {}
            None => arm = Some((text.into_owned(), is_arm)),
        }
    }
}

/// What policies of the several types have.
static ALL: [&str; 8] = [
    "AdjustmentType",
    "Cooldown",
    "EstimatedInstanceWarmup",
    "MetricAggregationType",
    "MinAdjustmentMagnitude",
    "ScalingAdjustment",
    "StepAdjustments",
    "TargetTrackingConfiguration",
];

/// Checks a policy by which a group grows and shrinks.
pub(super) fn policy(policy: &Resource<'_>, findings: &mut Vec<Finding>) {
    let kind = policy.at("PolicyType");
    let Some(name) = (if kind.is_absent() { Some("SimpleScaling".into()) } else { kind.text() }) else { return };
    let own: &[&str] = match name.as_ref() {
        "SimpleScaling" => &["AdjustmentType", "Cooldown", "MinAdjustmentMagnitude", "ScalingAdjustment"],
        "StepScaling" => &[
            "AdjustmentType",
            "EstimatedInstanceWarmup",
            "MetricAggregationType",
            "MinAdjustmentMagnitude",
            "StepAdjustments",
        ],
        "TargetTrackingScaling" => &["EstimatedInstanceWarmup", "TargetTrackingConfiguration"],
        _ => return,
    };
    for key in ALL.into_iter().filter(|key| !own.contains(key) && !policy.at(key).is_absent()) {
        let message = format!("a policy of type {name} takes no `{key}`");
        findings.push(policy.at(key).finding(&POLICY, message).hint("leave it out, or set `PolicyType`"));
    }
    let needed: &[&str] = match name.as_ref() {
        "SimpleScaling" => &["AdjustmentType", "ScalingAdjustment"],
        "StepScaling" => &["AdjustmentType", "StepAdjustments"],
        _ => &["TargetTrackingConfiguration"],
    };
    for key in needed.iter().filter(|key| policy.properties.is_closed() && policy.at(key).is_absent()) {
        findings.push(policy.finding(&POLICY, format!("a policy of type {name} must have `{key}`")));
    }
    steps(policy.at("StepAdjustments"), findings);
}

/// Checks that the intervals of steps follow one another.
fn steps(view: View<'_>, findings: &mut Vec<Finding>) {
    if !view.is_known() || !view.is_closed() {
        return;
    }
    let mut intervals = Vec::new();
    for step in view.items() {
        let bound = |key, open: f64| {
            let view = step.get(key);
            if view.is_absent() { Some(open) } else { view.number() }
        };
        let (Some(from), Some(to)) =
            (bound("MetricIntervalLowerBound", f64::NEG_INFINITY), bound("MetricIntervalUpperBound", f64::INFINITY))
        else {
            return;
        };
        if from >= to {
            findings.push(step.finding(&STEPS, format!("the step goes from {from} to {to}")));
            return;
        }
        intervals.push((from, to, step));
    }
    intervals.sort_by(|one, other| one.0.total_cmp(&other.0));
    for pair in intervals.windows(2) {
        let ((from, to, _), (next, end, step)) = (pair[0], pair[1]);
        let what = if next < to {
            "overlap"
        } else if next > to {
            "leave a gap"
        } else {
            continue;
        };
        let message = format!("the steps from {from} to {to} and from {next} to {end} {what}");
        findings.push(step.finding(&STEPS, message).hint("let each step begin where the one before it ends"));
    }
}
