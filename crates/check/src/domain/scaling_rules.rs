//! The rules about Auto Scaling.

use tree::Severity;

use crate::rule::Rule;

pub(super) static BOUNDS: Rule = Rule {
    id: "scaling/bounds",
    severity: Severity::Error,
    statement: "`MinSize` is at most `DesiredCapacity`, and that at most `MaxSize`",
    why: "Auto Scaling refuses the group",
    page: "https://docs.aws.amazon.com/autoscaling/ec2/userguide/asg-capacity-limits.html",
    bad: r#"{"Resources": {"Template": {"Type": "AWS::EC2::LaunchTemplate",
        "Properties": {"LaunchTemplateData": {"ImageId": "ami-0123456789abcdef0"}}},
        "Group": {"Type": "AWS::AutoScaling::AutoScalingGroup", "Properties": {"MinSize": "2",
        "MaxSize": "4", "AvailabilityZones": {"Fn::GetAZs": ""},
        "LaunchTemplate": {"LaunchTemplateId": {"Ref": "Template"}, "Version": {"Fn::GetAtt": ["Template",
        "LatestVersionNumber"]}}, "DesiredCapacity": "1"}}}}"#,
    good: r#"{"Resources": {"Template": {"Type": "AWS::EC2::LaunchTemplate",
        "Properties": {"LaunchTemplateData": {"ImageId": "ami-0123456789abcdef0"}}},
        "Group": {"Type": "AWS::AutoScaling::AutoScalingGroup", "Properties": {"MinSize": "1",
        "MaxSize": "4", "AvailabilityZones": {"Fn::GetAZs": ""},
        "LaunchTemplate": {"LaunchTemplateId": {"Ref": "Template"}, "Version": {"Fn::GetAtt": ["Template",
        "LatestVersionNumber"]}}, "DesiredCapacity": "1"}}}}"#,
};

pub(super) static UPDATE: Rule = Rule {
    id: "scaling/update-policy",
    severity: Severity::Error,
    statement: "a rolling update keeps fewer instances in service than there may be at most",
    why: "CloudFormation refuses the update",
    page: "https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-attribute-updatepolicy.html",
    bad: r#"{"Resources": {"Template": {"Type": "AWS::EC2::LaunchTemplate",
        "Properties": {"LaunchTemplateData": {"ImageId": "ami-0123456789abcdef0"}}},
        "Group": {"Type": "AWS::AutoScaling::AutoScalingGroup", "Properties": {"MinSize": "0",
        "MaxSize": "4", "AvailabilityZones": {"Fn::GetAZs": ""},
        "LaunchTemplate": {"LaunchTemplateId": {"Ref": "Template"}, "Version": {"Fn::GetAtt": ["Template",
        "LatestVersionNumber"]}}}, "UpdatePolicy": {"AutoScalingRollingUpdate": {"MinInstancesInService":
        4}}}}}"#,
    good: r#"{"Resources": {"Template": {"Type": "AWS::EC2::LaunchTemplate",
        "Properties": {"LaunchTemplateData": {"ImageId": "ami-0123456789abcdef0"}}},
        "Group": {"Type": "AWS::AutoScaling::AutoScalingGroup", "Properties": {"MinSize": "0",
        "MaxSize": "4", "AvailabilityZones": {"Fn::GetAZs": ""},
        "LaunchTemplate": {"LaunchTemplateId": {"Ref": "Template"}, "Version": {"Fn::GetAtt": ["Template",
        "LatestVersionNumber"]}}}, "UpdatePolicy": {"AutoScalingRollingUpdate": {"MinInstancesInService":
        1}}}}}"#,
};

pub(super) static ON_DEMAND: Rule = Rule {
    id: "scaling/on-demand",
    severity: Severity::Warning,
    statement: "a group that has settings for Spot instances says how many are on-demand",
    why: "the default is 100 %: every instance is on-demand, at full price, and nothing says so",
    page: "https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-mixed-instances-groups.html",
    bad: r#"{"Resources": {"Template": {"Type": "AWS::EC2::LaunchTemplate",
        "Properties": {"LaunchTemplateData": {"ImageId": "ami-0123456789abcdef0"}}},
        "Group": {"Type": "AWS::AutoScaling::AutoScalingGroup", "Properties": {"MinSize": "0",
        "MaxSize": "4", "AvailabilityZones": {"Fn::GetAZs": ""},
        "MixedInstancesPolicy": {"InstancesDistribution": {"SpotAllocationStrategy":
        "price-capacity-optimized"}, "LaunchTemplate": {"LaunchTemplateSpecification": {"LaunchTemplateId":
        {"Ref": "Template"}, "Version": {"Fn::GetAtt": ["Template", "LatestVersionNumber"]}},
        "Overrides": [{"InstanceType": "g6e.xlarge"}, {"InstanceType": "g6e.2xlarge"}]}}}}}}"#,
    good: r#"{"Resources": {"Template": {"Type": "AWS::EC2::LaunchTemplate",
        "Properties": {"LaunchTemplateData": {"ImageId": "ami-0123456789abcdef0"}}},
        "Group": {"Type": "AWS::AutoScaling::AutoScalingGroup", "Properties": {"MinSize": "0",
        "MaxSize": "4", "AvailabilityZones": {"Fn::GetAZs": ""},
        "MixedInstancesPolicy": {"InstancesDistribution": {"OnDemandPercentageAboveBaseCapacity": 0,
        "SpotAllocationStrategy": "price-capacity-optimized"},
        "LaunchTemplate": {"LaunchTemplateSpecification": {"LaunchTemplateId": {"Ref": "Template"},
        "Version": {"Fn::GetAtt": ["Template", "LatestVersionNumber"]}},
        "Overrides": [{"InstanceType": "g6e.xlarge"}, {"InstanceType": "g6e.2xlarge"}]}}}}}}"#,
};

pub(super) static STRATEGY: Rule = Rule {
    id: "scaling/strategy",
    severity: Severity::Warning,
    statement: "Spot instances are taken where there are most, and pools are counted only for the lowest price",
    why: "Auto Scaling refuses pools with other strategies, and the cheapest pools are interrupted most",
    page: "https://docs.aws.amazon.com/autoscaling/ec2/userguide/allocation-strategies.html",
    bad: r#"{"Resources": {"Template": {"Type": "AWS::EC2::LaunchTemplate",
        "Properties": {"LaunchTemplateData": {"ImageId": "ami-0123456789abcdef0"}}},
        "Group": {"Type": "AWS::AutoScaling::AutoScalingGroup", "Properties": {"MinSize": "0",
        "MaxSize": "4", "AvailabilityZones": {"Fn::GetAZs": ""},
        "MixedInstancesPolicy": {"InstancesDistribution": {"OnDemandPercentageAboveBaseCapacity": 0,
        "SpotAllocationStrategy": "lowest-price"},
        "LaunchTemplate": {"LaunchTemplateSpecification": {"LaunchTemplateId": {"Ref": "Template"},
        "Version": {"Fn::GetAtt": ["Template", "LatestVersionNumber"]}},
        "Overrides": [{"InstanceType": "g6e.xlarge"}, {"InstanceType": "g6e.2xlarge"}]}}}}}}"#,
    good: r#"{"Resources": {"Template": {"Type": "AWS::EC2::LaunchTemplate",
        "Properties": {"LaunchTemplateData": {"ImageId": "ami-0123456789abcdef0"}}},
        "Group": {"Type": "AWS::AutoScaling::AutoScalingGroup", "Properties": {"MinSize": "0",
        "MaxSize": "4", "AvailabilityZones": {"Fn::GetAZs": ""},
        "MixedInstancesPolicy": {"InstancesDistribution": {"OnDemandPercentageAboveBaseCapacity": 0,
        "SpotAllocationStrategy": "price-capacity-optimized"},
        "LaunchTemplate": {"LaunchTemplateSpecification": {"LaunchTemplateId": {"Ref": "Template"},
        "Version": {"Fn::GetAtt": ["Template", "LatestVersionNumber"]}},
        "Overrides": [{"InstanceType": "g6e.xlarge"}, {"InstanceType": "g6e.2xlarge"}]}}}}}}"#,
};

pub(super) static SPOT: Rule = Rule {
    id: "scaling/spot",
    severity: Severity::Warning,
    statement: "Spot instances are of two types or more",
    why: "when the only type is short in a zone, nothing is launched",
    page: "https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-mixed-instances-groups.html",
    bad: r#"{"Resources": {"Template": {"Type": "AWS::EC2::LaunchTemplate",
        "Properties": {"LaunchTemplateData": {"ImageId": "ami-0123456789abcdef0"}}},
        "Group": {"Type": "AWS::AutoScaling::AutoScalingGroup", "Properties": {"MinSize": "0",
        "MaxSize": "4", "AvailabilityZones": {"Fn::GetAZs": ""},
        "MixedInstancesPolicy": {"InstancesDistribution": {"OnDemandPercentageAboveBaseCapacity": 0,
        "SpotAllocationStrategy": "price-capacity-optimized"},
        "LaunchTemplate": {"LaunchTemplateSpecification": {"LaunchTemplateId": {"Ref": "Template"},
        "Version": {"Fn::GetAtt": ["Template", "LatestVersionNumber"]}},
        "Overrides": [{"InstanceType": "g6e.xlarge"}]}}}}}}"#,
    good: r#"{"Resources": {"Template": {"Type": "AWS::EC2::LaunchTemplate",
        "Properties": {"LaunchTemplateData": {"ImageId": "ami-0123456789abcdef0"}}},
        "Group": {"Type": "AWS::AutoScaling::AutoScalingGroup", "Properties": {"MinSize": "0",
        "MaxSize": "4", "AvailabilityZones": {"Fn::GetAZs": ""},
        "MixedInstancesPolicy": {"InstancesDistribution": {"OnDemandPercentageAboveBaseCapacity": 0,
        "SpotAllocationStrategy": "price-capacity-optimized"},
        "LaunchTemplate": {"LaunchTemplateSpecification": {"LaunchTemplateId": {"Ref": "Template"},
        "Version": {"Fn::GetAtt": ["Template", "LatestVersionNumber"]}},
        "Overrides": [{"InstanceType": "g6e.xlarge"}, {"InstanceType": "g6e.2xlarge"}]}}}}}}"#,
};

pub(super) static ARCHITECTURE: Rule = Rule {
    id: "scaling/architecture",
    severity: Severity::Error,
    statement: "the types of a group that share a launch template are of one architecture",
    why: "instances of the other architecture do not start with the image: their launches fail while others work",
    page: "https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-mixed-instances-groups-launch-template-overrides.html",
    bad: r#"{"Resources": {"Template": {"Type": "AWS::EC2::LaunchTemplate",
        "Properties": {"LaunchTemplateData": {"ImageId": "ami-0123456789abcdef0"}}},
        "Group": {"Type": "AWS::AutoScaling::AutoScalingGroup", "Properties": {"MinSize": "0",
        "MaxSize": "4", "AvailabilityZones": {"Fn::GetAZs": ""},
        "MixedInstancesPolicy": {"InstancesDistribution": {"OnDemandPercentageAboveBaseCapacity": 0,
        "SpotAllocationStrategy": "price-capacity-optimized"},
        "LaunchTemplate": {"LaunchTemplateSpecification": {"LaunchTemplateId": {"Ref": "Template"},
        "Version": {"Fn::GetAtt": ["Template", "LatestVersionNumber"]}},
        "Overrides": [{"InstanceType": "g6e.xlarge"}, {"InstanceType": "g5g.xlarge"}]}}}}}}"#,
    good: r#"{"Resources": {"Template": {"Type": "AWS::EC2::LaunchTemplate",
        "Properties": {"LaunchTemplateData": {"ImageId": "ami-0123456789abcdef0"}}},
        "Group": {"Type": "AWS::AutoScaling::AutoScalingGroup", "Properties": {"MinSize": "0",
        "MaxSize": "4", "AvailabilityZones": {"Fn::GetAZs": ""},
        "MixedInstancesPolicy": {"InstancesDistribution": {"OnDemandPercentageAboveBaseCapacity": 0,
        "SpotAllocationStrategy": "price-capacity-optimized"},
        "LaunchTemplate": {"LaunchTemplateSpecification": {"LaunchTemplateId": {"Ref": "Template"},
        "Version": {"Fn::GetAtt": ["Template", "LatestVersionNumber"]}},
        "Overrides": [{"InstanceType": "g6e.xlarge"}, {"InstanceType": "g6e.2xlarge"}]}}}}}}"#,
};

pub(super) static POLICY: Rule = Rule {
    id: "scaling/policy",
    severity: Severity::Error,
    statement: "a scaling policy has the properties of its type",
    why: "Auto Scaling refuses the policy",
    page: "https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-autoscaling-scalingpolicy.html",
    bad: r#"{"Resources": {"Policy": {"Type": "AWS::AutoScaling::ScalingPolicy",
        "Properties": {"AutoScalingGroupName": "fleet", "PolicyType": "StepScaling",
        "AdjustmentType": "ChangeInCapacity", "Cooldown": "60",
        "StepAdjustments": [{"ScalingAdjustment": 1, "MetricIntervalLowerBound": 0}]}}}}"#,
    good: r#"{"Resources": {"Policy": {"Type": "AWS::AutoScaling::ScalingPolicy",
        "Properties": {"AutoScalingGroupName": "fleet", "PolicyType": "StepScaling",
        "AdjustmentType": "ChangeInCapacity", "StepAdjustments": [{"ScalingAdjustment": 1,
        "MetricIntervalLowerBound": 0}]}}}}"#,
};

pub(super) static STEPS: Rule = Rule {
    id: "scaling/steps",
    severity: Severity::Error,
    statement: "the intervals of steps neither overlap nor leave gaps",
    why: "Auto Scaling refuses the policy",
    page: "https://docs.aws.amazon.com/autoscaling/ec2/userguide/as-scaling-simple-step.html",
    bad: r#"{"Resources": {"Policy": {"Type": "AWS::AutoScaling::ScalingPolicy",
        "Properties": {"AutoScalingGroupName": "fleet", "PolicyType": "StepScaling",
        "AdjustmentType": "ChangeInCapacity", "StepAdjustments": [{"ScalingAdjustment": 1,
        "MetricIntervalLowerBound": 0, "MetricIntervalUpperBound": 10}, {"ScalingAdjustment": 2,
        "MetricIntervalLowerBound": 20}]}}}}"#,
    good: r#"{"Resources": {"Policy": {"Type": "AWS::AutoScaling::ScalingPolicy",
        "Properties": {"AutoScalingGroupName": "fleet", "PolicyType": "StepScaling",
        "AdjustmentType": "ChangeInCapacity", "StepAdjustments": [{"ScalingAdjustment": 1,
        "MetricIntervalLowerBound": 0, "MetricIntervalUpperBound": 20}, {"ScalingAdjustment": 2,
        "MetricIntervalLowerBound": 20}]}}}}"#,
};

pub(super) static HOOK: Rule = Rule {
    id: "scaling/hook",
    severity: Severity::Error,
    statement: "a hook waits from 30 to 7200 seconds, and has a role where it tells somebody",
    why: "Auto Scaling refuses the hook",
    page: "https://docs.aws.amazon.com/autoscaling/ec2/userguide/lifecycle-hooks.html",
    bad: r#"{"Resources": {"Hook": {"Type": "AWS::AutoScaling::LifecycleHook",
        "Properties": {"AutoScalingGroupName": "fleet",
        "LifecycleTransition": "autoscaling:EC2_INSTANCE_TERMINATING", "HeartbeatTimeout": 10}}}}"#,
    good: r#"{"Resources": {"Hook": {"Type": "AWS::AutoScaling::LifecycleHook",
        "Properties": {"AutoScalingGroupName": "fleet",
        "LifecycleTransition": "autoscaling:EC2_INSTANCE_TERMINATING", "HeartbeatTimeout": 120}}}}"#,
};

/// The rules of this file.
pub(super) static RULES: &[&Rule] =
    &[&BOUNDS, &UPDATE, &ON_DEMAND, &STRATEGY, &SPOT, &ARCHITECTURE, &POLICY, &STEPS, &HOOK];
