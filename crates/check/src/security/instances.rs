//! Instances, launch templates and groups of instances.

use tree::{Finding, Severity};

use crate::look::{Resource, View};
use crate::rule::Rule;

/// Checks what launches instances.
pub(super) fn check(resource: &Resource<'_>, findings: &mut Vec<Finding>) {
    match resource.type_name {
        "AWS::EC2::LaunchTemplate" => {
            let data = resource.at("LaunchTemplateData");
            metadata(data, findings);
            address(data, findings);
            monitoring(data.at("Monitoring/Enabled"), findings);
        }
        "AWS::EC2::Instance" => {
            address(resource.properties, findings);
            // What a launch template says is checked there.
            if resource.at("LaunchTemplate").is_absent() {
                metadata(resource.properties, findings);
                monitoring(resource.at("Monitoring"), findings);
            }
            let protection = resource.at("DisableApiTermination");
            if super::is_off(protection) && resource.at("LaunchTemplate").is_absent() {
                let message = format!(
                    "termination protection is off ({}): the instance, and the data on its disks, can be lost by \
                     mistake",
                    super::state(protection)
                );
                let hint = "set `DisableApiTermination: true`, or make it one of an Auto Scaling group";
                findings.push(protection.finding(&super::data::DELETION_PROTECTION, message).hint(hint));
            }
        }
        "AWS::AutoScaling::LaunchConfiguration" => {
            metadata(resource.properties, findings);
            address(resource.properties, findings);
            // Launch configurations have detailed monitoring unless they say otherwise.
            let detailed = resource.at("InstanceMonitoring");
            if detailed.flag() == Some(false) {
                monitoring(detailed, findings);
            }
        }
        "AWS::EC2::SpotFleet" => {
            for specification in resource.at("SpotFleetRequestConfigData/LaunchSpecifications").items() {
                let message = "a Spot Fleet launch specification cannot require IMDSv2: a server-side request \
                     forgery can read the role's credentials";
                findings.push(specification.finding(&IMDSV2, message).hint("use `LaunchTemplateConfigs`"));
                address(specification, findings);
            }
        }
        "AWS::AutoScaling::AutoScalingGroup" => group(resource, findings),
        _ => {}
    }
}

/// Checks the service from which instances have their credentials.
fn metadata(data: View<'_>, findings: &mut Vec<Finding>) {
    let options = data.get("MetadataOptions");
    if options.get("HttpEndpoint").is("disabled") || data.is_unknown() {
        return;
    }
    let tokens = options.get("HttpTokens");
    if tokens.is_absent() || tokens.is("optional") {
        let message = format!(
            "IMDSv2 is not required ({}): a server-side request forgery can read the role's credentials",
            super::state(tokens)
        );
        findings.push(tokens.finding(&IMDSV2, message).hint("set `MetadataOptions: {HttpTokens: required}`"));
    }
    let hops = options.get("HttpPutResponseHopLimit");
    if let Some(limit) = hops.integer().filter(|limit| *limit > 1) {
        let message = format!(
            "`HttpPutResponseHopLimit` is {limit}, but 1 is enough for the instance itself: containers on it get its \
             role's credentials"
        );
        findings.push(hops.finding(&HOPS, message).hint("set it to 1, unless containers are meant to have the role"));
    }
}

fn address(data: View<'_>, findings: &mut Vec<Finding>) {
    let own = data.get("AssociatePublicIpAddress");
    let interfaces = data.get("NetworkInterfaces").items().map(|interface| interface.get("AssociatePublicIpAddress"));
    for public in [own].into_iter().chain(interfaces).filter(|public| public.flag() == Some(true)) {
        let message = "`AssociatePublicIpAddress` is `true`: instances get public IP addresses, and one mistake in a \
             security group exposes them";
        findings
            .push(public.finding(&PUBLIC_ADDRESS, message).hint("put them into private subnets with endpoints or NAT"));
    }
}

fn monitoring(detailed: View<'_>, findings: &mut Vec<Finding>) {
    if super::is_off(detailed) {
        let message = format!(
            "detailed monitoring is off ({}): metrics come every five minutes instead of every minute",
            super::state(detailed)
        );
        findings.push(detailed.finding(&MONITORING, message).hint("turn detailed monitoring on"));
    }
}

/// Checks an Auto Scaling group.
fn group(group: &Resource<'_>, findings: &mut Vec<Finding>) {
    let kind = group.at("HealthCheckType");
    let grace = group.at("HealthCheckGracePeriod");
    let asks_balancer = kind.text().is_some_and(|kind| kind.contains("ELB"));
    if asks_balancer && grace.is_absent() {
        let message = "`HealthCheckGracePeriod` is absent, but `HealthCheckType` has `ELB`: new instances are \
             replaced before they are ready";
        findings.push(grace.finding(&HEALTH, message).hint("set `HealthCheckGracePeriod` to the seconds of a start"));
    }
    let cooldown = group.at("Cooldown");
    if cooldown.integer() == Some(0) {
        let message = "`Cooldown` is 0: without a pause between scaling activities the group launches and terminates \
             instances in turns";
        findings.push(cooldown.finding(&HEALTH, message).hint("leave it at 300 seconds, or set what a start takes"));
    }
    if group.at("NotificationConfigurations").is_absent() && group.at("NotificationConfiguration").is_absent() {
        let message =
            "`NotificationConfigurations` is absent: nobody is told when instances fail to launch or are terminated";
        let hint = "set `NotificationConfigurations` with a topic";
        findings.push(group.at("NotificationConfigurations").finding(&NOTIFICATIONS, message).hint(hint));
    }
    zones(group, findings);
}

fn zones(group: &Resource<'_>, findings: &mut Vec<Finding>) {
    for list in [group.at("VPCZoneIdentifier"), group.at("AvailabilityZones")] {
        if list.is_known() && list.is_closed() && list.items().count() == 1 {
            let message = format!(
                "`{}` has one entry: all instances are in one Availability Zone, and gone when it fails or has no \
                 capacity",
                list.name()
            );
            findings.push(list.finding(&ZONES, message).hint("give the group subnets in two zones or more"));
        }
    }
}

pub(crate) static IMDSV2: Rule = Rule {
    id: "security/imds-tokens",
    severity: Severity::Warning,
    statement: "instances require IMDSv2",
    why: "a server that fetches addresses for others was enough to steal the data of a hundred million people in 2019",
    page: "https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/configuring-instance-metadata-service.html",
    bad: r#"{"Resources": {"Worker": {"Type": "AWS::EC2::LaunchTemplate", "Properties": {
        "LaunchTemplateData": {"InstanceType": "g6e.xlarge"}}}}}"#,
    good: r#"{"Resources": {"Worker": {"Type": "AWS::EC2::LaunchTemplate", "Properties": {
        "LaunchTemplateData": {"InstanceType": "g6e.xlarge", "MetadataOptions": {"HttpTokens": "required"}}}}}}"#,
};

pub(crate) static HOPS: Rule = Rule {
    id: "security/imds-hops",
    severity: Severity::Info,
    statement: "the hop limit of the instance metadata service is 1",
    why: "with more than one hop each container has the role of the instance",
    page: "https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/configuring-instance-metadata-service.html",
    bad: r#"{"Resources": {"Worker": {"Type": "AWS::EC2::LaunchTemplate", "Properties": {"LaunchTemplateData": {
        "MetadataOptions": {"HttpTokens": "required", "HttpPutResponseHopLimit": 2}}}}}}"#,
    good: r#"{"Resources": {"Worker": {"Type": "AWS::EC2::LaunchTemplate", "Properties": {"LaunchTemplateData": {
        "MetadataOptions": {"HttpTokens": "required", "HttpPutResponseHopLimit": 1}}}}}}"#,
};

pub(crate) static PUBLIC_ADDRESS: Rule = Rule {
    id: "security/public-address",
    severity: Severity::Warning,
    statement: "instances have no public address",
    why: "what has no address cannot be reached, whatever the security groups say",
    page: "https://docs.aws.amazon.com/vpc/latest/userguide/vpc-security-best-practices.html",
    bad: r#"{"Resources": {"Worker": {"Type": "AWS::EC2::LaunchTemplate", "Properties": {"LaunchTemplateData": {
        "NetworkInterfaces": [{"DeviceIndex": 0, "AssociatePublicIpAddress": true}]}}}}}"#,
    good: r#"{"Resources": {"Worker": {"Type": "AWS::EC2::LaunchTemplate", "Properties": {"LaunchTemplateData": {
        "NetworkInterfaces": [{"DeviceIndex": 0, "AssociatePublicIpAddress": false}]}}}}}"#,
};

pub(crate) static MONITORING: Rule = Rule {
    id: "security/detailed-monitoring",
    severity: Severity::Info,
    statement: "instances have detailed monitoring",
    why: "an intruder's load, or a dead worker, shows after one minute instead of five",
    page: "https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/using-cloudwatch-new.html",
    bad: r#"{"Resources": {"Worker": {"Type": "AWS::EC2::LaunchTemplate", "Properties": {
        "LaunchTemplateData": {"Monitoring": {"Enabled": false}}}}}}"#,
    good: r#"{"Resources": {"Worker": {"Type": "AWS::EC2::LaunchTemplate", "Properties": {
        "LaunchTemplateData": {"Monitoring": {"Enabled": true}}}}}}"#,
};

pub(crate) static HEALTH: Rule = Rule {
    id: "security/auto-scaling-pauses",
    severity: Severity::Info,
    statement: "an Auto Scaling group has a health check grace period and a cooldown",
    why: "without it healthy instances are replaced, or started and stopped in turns, at your expense",
    page: "https://docs.aws.amazon.com/autoscaling/ec2/userguide/health-check-grace-period.html",
    bad: r#"{"Resources": {"Fleet": {"Type": "AWS::AutoScaling::AutoScalingGroup", "Properties": {
        "MinSize": "0", "MaxSize": "4", "AvailabilityZones": ["eu-west-1a", "eu-west-1b"], "Cooldown": "0",
        "LaunchTemplate": {"LaunchTemplateName": "worker", "Version": "1"}}}}}"#,
    good: r#"{"Resources": {"Fleet": {"Type": "AWS::AutoScaling::AutoScalingGroup", "Properties": {
        "MinSize": "0", "MaxSize": "4", "AvailabilityZones": ["eu-west-1a", "eu-west-1b"],
        "LaunchTemplate": {"LaunchTemplateName": "worker", "Version": "1"}}}}}"#,
};

pub(crate) static NOTIFICATIONS: Rule = Rule {
    id: "security/auto-scaling-notifications",
    severity: Severity::Info,
    statement: "an Auto Scaling group sends notifications",
    why: "a fleet without capacity looks like one without work",
    page: "https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-sns-notifications.html",
    bad: HEALTH.good,
    good: r#"{"Resources": {"Fleet": {"Type": "AWS::AutoScaling::AutoScalingGroup", "Properties": {
        "MinSize": "0", "MaxSize": "4", "AvailabilityZones": ["eu-west-1a", "eu-west-1b"],
        "NotificationConfigurations": [{"TopicARN": "arn:aws:sns:eu-west-1:123456789012:alarms",
            "NotificationTypes": ["autoscaling:EC2_INSTANCE_LAUNCH_ERROR"]}],
        "LaunchTemplate": {"LaunchTemplateName": "worker", "Version": "1"}}}}}"#,
};

pub(crate) static ZONES: Rule = Rule {
    id: "security/zones",
    severity: Severity::Info,
    statement: "an Auto Scaling group has instances in two Availability Zones or more",
    why: "zones fail, and Spot capacity of a type runs out zone by zone",
    page: "https://docs.aws.amazon.com/autoscaling/ec2/userguide/auto-scaling-benefits.html",
    bad: r#"{"Resources": {"Fleet": {"Type": "AWS::AutoScaling::AutoScalingGroup", "Properties": {
        "MinSize": "0", "MaxSize": "4", "AvailabilityZones": ["eu-west-1a"],
        "LaunchTemplate": {"LaunchTemplateName": "worker", "Version": "1"}}}}}"#,
    good: HEALTH.good,
};
