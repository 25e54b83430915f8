//! The rules about instances.

use tree::Severity;

use crate::rule::Rule;

pub(super) static USER_DATA: Rule = Rule {
    id: "instances/user-data",
    severity: Severity::Error,
    statement: "user data is base64, and has at most 16 KB before it is encoded",
    why: "EC2 refuses it",
    page: "https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/user-data.html",
    bad: r##"{"Resources": {"Template": {"Type": "AWS::EC2::LaunchTemplate",
        "Properties": {"LaunchTemplateData": {"UserData": {"Fn::Sub":
        "#!/bin/bash\nset -eu\necho ${AWS::Region}\n"}}}}}}"##,
    good: r##"{"Resources": {"Template": {"Type": "AWS::EC2::LaunchTemplate",
        "Properties": {"LaunchTemplateData": {"UserData": {"Fn::Base64":
        {"Fn::Sub": "#!/bin/bash\nset -eu\necho ${AWS::Region}\n"}}}}}}}"##,
};

pub(super) static BEGINNING: Rule = Rule {
    id: "instances/user-data-start",
    severity: Severity::Warning,
    statement: "user data begins with a header that cloud-init knows",
    why: "the instance starts, and nothing of it is run: not even a script after an empty line",
    page: "https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/user-data.html",
    bad: r#"{"Resources": {"Template": {"Type": "AWS::EC2::LaunchTemplate",
        "Properties": {"LaunchTemplateData": {"UserData": {"Fn::Base64":
        {"Fn::Sub": "\n#!/bin/bash\nset -eu\necho ${AWS::Region}\n"}}}}}}}"#,
    good: r##"{"Resources": {"Template": {"Type": "AWS::EC2::LaunchTemplate",
        "Properties": {"LaunchTemplateData": {"UserData": {"Fn::Base64":
        {"Fn::Sub": "#!/bin/bash\nset -eu\necho ${AWS::Region}\n"}}}}}}}"##,
};

pub(super) static VOLUME: Rule = Rule {
    id: "instances/volume",
    severity: Severity::Error,
    statement: "a volume has a size, IOPS and throughput that its type allows together",
    why: "EC2 refuses the volume: with an Auto Scaling group every launch fails, long after the deployment succeeded",
    page: "https://docs.aws.amazon.com/ebs/latest/userguide/ebs-volume-types.html",
    bad: r#"{"Resources": {"Template": {"Type": "AWS::EC2::LaunchTemplate",
        "Properties": {"LaunchTemplateData": {"BlockDeviceMappings": [{"DeviceName": "/dev/sda1",
        "Ebs": {"VolumeType": "gp3", "VolumeSize": 100, "Throughput": 1000}}]}}}}}"#,
    good: r#"{"Resources": {"Template": {"Type": "AWS::EC2::LaunchTemplate",
        "Properties": {"LaunchTemplateData": {"BlockDeviceMappings": [{"DeviceName": "/dev/sda1",
        "Ebs": {"VolumeType": "gp3", "VolumeSize": 100, "Iops": 4000, "Throughput": 1000}}]}}}}}"#,
};

pub(super) static TYPE: Rule = Rule {
    id: "instances/type",
    severity: Severity::Error,
    statement: "an instance type is one that there is",
    why: "EC2 refuses to launch the instance",
    page: "https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instance-types.html",
    bad: r#"{"Resources": {"Template": {"Type": "AWS::EC2::LaunchTemplate",
        "Properties": {"LaunchTemplateData": {"InstanceType": "g6e.metal"}}}}}"#,
    good: r#"{"Resources": {"Template": {"Type": "AWS::EC2::LaunchTemplate",
        "Properties": {"LaunchTemplateData": {"InstanceType": "g6e.xlarge"}}}}}"#,
};

pub(super) static LAUNCH: Rule = Rule {
    id: "instances/launch",
    severity: Severity::Error,
    statement: "what network interfaces say is not said beside them, and requirements do not stand beside a type",
    why: "EC2 refuses to launch the instance",
    page: "https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-properties-ec2-launchtemplate-launchtemplatedata.html",
    bad: r#"{"Resources": {"Template": {"Type": "AWS::EC2::LaunchTemplate",
        "Properties": {"LaunchTemplateData": {"SecurityGroupIds": ["sg-0123456789abcdef0"],
        "NetworkInterfaces": [{"DeviceIndex": 0, "AssociatePublicIpAddress": false}]}}}}}"#,
    good: r#"{"Resources": {"Template": {"Type": "AWS::EC2::LaunchTemplate",
        "Properties": {"LaunchTemplateData": {"NetworkInterfaces": [{"DeviceIndex": 0,
        "AssociatePublicIpAddress": false, "Groups": ["sg-0123456789abcdef0"]}]}}}}}"#,
};

/// The rules of this file.
pub(super) static RULES: &[&Rule] = &[&USER_DATA, &BEGINNING, &VOLUME, &TYPE, &LAUNCH];
