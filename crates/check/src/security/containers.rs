//! Containers: images, tasks of ECS, jobs of Batch, notebooks and models of `SageMaker`.

use tree::{Finding, Severity};

use super::instances::{IMDSV2, PUBLIC_ADDRESS};
use super::keys::CUSTOMER_KEY;
use crate::look::{Resource, View};
use crate::rule::Rule;

/// Checks what runs containers, and where they come from.
pub(super) fn check(resource: &Resource<'_>, findings: &mut Vec<Finding>) {
    match resource.type_name {
        "AWS::ECR::Repository" => repository(resource, findings),
        "AWS::ECS::Cluster" => {
            let settings = resource.at("ClusterSettings");
            let is_on =
                |setting: View<'_>| setting.get("Name").is("containerInsights") && !setting.get("Value").is("disabled");
            if !settings.is_unknown() && !settings.items().any(is_on) {
                let message = "Container Insights is off (`ClusterSettings` does not enable `containerInsights`): \
                     there are no metrics of tasks and containers";
                let hint = "set `ClusterSettings: [{Name: containerInsights, Value: enabled}]`";
                findings.push(settings.finding(&INSIGHTS, message).hint(hint));
            }
        }
        "AWS::ECS::TaskDefinition" => task(resource, findings),
        "AWS::ECS::Service" => {
            let public = resource.at("NetworkConfiguration/AwsvpcConfiguration/AssignPublicIp");
            if public.is("ENABLED") {
                let message = "`AssignPublicIp` is `ENABLED`: tasks get public IP addresses, and one mistake in a \
                     security group exposes them";
                findings.push(public.finding(&PUBLIC_ADDRESS, message).hint("set it to `DISABLED`"));
            }
        }
        "AWS::Batch::JobDefinition" => {
            let container = resource.at("ContainerProperties");
            if container.is_known() {
                privileges(container, "ReadonlyRootFilesystem", findings);
            }
        }
        "AWS::Batch::ComputeEnvironment" => environment(resource, findings),
        "AWS::SageMaker::NotebookInstance" => notebook(resource, findings),
        "AWS::SageMaker::Model" => {
            let isolation = resource.at("EnableNetworkIsolation");
            if super::is_off(isolation) {
                let message = format!(
                    "network isolation is off ({}): the model's container can send its inputs anywhere",
                    super::state(isolation)
                );
                findings.push(isolation.finding(&ISOLATION, message).hint("set `EnableNetworkIsolation: true`"));
            }
        }
        "AWS::SageMaker::DataQualityJobDefinition" => {
            let traffic = resource.at("NetworkConfig/EnableInterContainerTrafficEncryption");
            if super::is_off(traffic) {
                let message = format!(
                    "inter-container traffic encryption is off ({}): data goes between the job's instances unencrypted",
                    super::state(traffic)
                );
                findings.push(traffic.finding(&IN_TRANSIT, message).hint("set it to true"));
            }
            let volume = resource.at("JobResources/ClusterConfig/VolumeKmsKeyId");
            if volume.is_absent() {
                let message = format!(
                    "{}: the volume is encrypted with an AWS managed key, whose key policy cannot be changed",
                    super::state(volume)
                );
                findings.push(volume.finding(&CUSTOMER_KEY, message).hint("name a key of your own"));
            }
        }
        _ => {}
    }
}

fn repository(repository: &Resource<'_>, findings: &mut Vec<Finding>) {
    let scan = repository.at("ImageScanningConfiguration/ScanOnPush");
    if super::is_off(scan) {
        let message =
            format!("image scanning on push is off ({}): nobody is told of known vulnerabilities", super::state(scan));
        let hint = "set `ImageScanningConfiguration: {ScanOnPush: true}`";
        findings.push(scan.finding(&IMAGE_SCAN, message).hint(hint));
    }
    let tags = repository.at("ImageTagMutability");
    if tags.is_absent() || tags.is("MUTABLE") {
        let message = format!(
            "image tags are mutable ({}): a tag can be moved to another image, so it does not tell what ran",
            super::state(tags)
        );
        findings.push(tags.finding(&IMAGE_TAGS, message).hint("set `ImageTagMutability: IMMUTABLE`"));
    }
}

fn task(task: &Resource<'_>, findings: &mut Vec<Finding>) {
    for container in task.at("ContainerDefinitions").items().filter(|container| container.is_known()) {
        let log = container.get("LogConfiguration");
        if log.is_absent() {
            let message = "`LogConfiguration` is absent: the output of this container is lost when it stops";
            findings
                .push(log.finding(&CONTAINER_LOGS, message).hint("set `LogConfiguration` with the driver `awslogs`"));
        }
        privileges(container, "ReadonlyRootFilesystem", findings);
    }
    for volume in task.at("Volumes").items() {
        let share = volume.get("EFSVolumeConfiguration");
        let transit = share.get("TransitEncryption");
        if share.is_known() && (transit.is_absent() || transit.is("DISABLED")) {
            let message = format!(
                "encryption in transit to EFS is off ({}): files go over the network unencrypted",
                super::state(transit)
            );
            findings.push(transit.finding(&IN_TRANSIT, message).hint("set `TransitEncryption: ENABLED`"));
        }
    }
}

fn privileges(container: View<'_>, root: &'static str, findings: &mut Vec<Finding>) {
    let privileged = container.get("Privileged");
    if privileged.flag() == Some(true) {
        let message = "`Privileged` is `true`: the container is root on its host";
        findings.push(
            privileged.finding(&PRIVILEGED, message).hint("leave it out, and add the capabilities that are needed"),
        );
    }
    let read_only = container.get(root);
    if super::is_off(read_only) {
        let message = format!(
            "the root file system is writable ({}): who gets into the container can change its programs",
            super::state(read_only)
        );
        findings.push(
            read_only
                .finding(&READ_ONLY, message)
                .hint(format!("set `{root}: true`, with volumes for what is written")),
        );
    }
}

/// Checks the instances of a compute environment, which ask for no tokens unless a launch template says so.
fn environment(environment: &Resource<'_>, findings: &mut Vec<Finding>) {
    let resources = environment.at("ComputeResources");
    let kind = resources.get("Type");
    let template = resources.get("LaunchTemplate");
    if (kind.is("EC2") || kind.is("SPOT")) && template.is_absent() {
        let message = format!(
            "{}, so IMDSv2 is not required: instances of this environment give out their credentials without a \
             session token",
            super::state(template)
        );
        let hint = "name a launch template with `MetadataOptions: {HttpTokens: required}`";
        findings.push(template.finding(&IMDSV2, message).hint(hint));
    }
}

fn notebook(notebook: &Resource<'_>, findings: &mut Vec<Finding>) {
    let subnet = notebook.at("SubnetId");
    if subnet.is_absent() {
        let message = "`SubnetId` is absent: the notebook instance is in no VPC of yours";
        findings.push(subnet.finding(&NOTEBOOK, message).hint("set `SubnetId`"));
    }
    let internet = notebook.at("DirectInternetAccess");
    if internet.is_absent() || internet.is("Enabled") {
        let message = format!(
            "direct internet access is on ({}): traffic of the notebook instance bypasses your VPC",
            super::state(internet)
        );
        findings.push(internet.finding(&NOTEBOOK, message).hint("set `DirectInternetAccess: Disabled`"));
    }
    let root = notebook.at("RootAccess");
    if root.is_absent() || root.is("Enabled") {
        let message =
            format!("root access is on ({}): users of the notebook instance are root there", super::state(root));
        findings.push(root.finding(&NOTEBOOK, message).hint("set `RootAccess: Disabled`"));
    }
    let version = notebook.at("InstanceMetadataServiceConfiguration/MinimumInstanceMetadataServiceVersion");
    if version.is_absent() || version.is("1") {
        let message = format!(
            "IMDSv2 is not required ({}): a server-side request forgery can read the role's credentials",
            super::state(version)
        );
        findings.push(version.finding(&IMDSV2, message).hint("set it to `2`"));
    }
}

pub(crate) static IMAGE_SCAN: Rule = Rule {
    id: "security/image-scan",
    severity: Severity::Warning,
    statement: "images are scanned when they are pushed",
    why: "most images have known holes, and new ones are found in old images every week",
    page: "https://docs.aws.amazon.com/AmazonECR/latest/userguide/image-scanning.html",
    bad: r#"{"Resources": {"Images": {"Type": "AWS::ECR::Repository"}}}"#,
    good: r#"{"Resources": {"Images": {"Type": "AWS::ECR::Repository",
        "Properties": {"ImageScanningConfiguration": {"ScanOnPush": true}}}}}"#,
};

pub(crate) static IMAGE_TAGS: Rule = Rule {
    id: "security/image-tags",
    severity: Severity::Warning,
    statement: "image tags are immutable",
    why: "what was tested under a tag is then what runs under it",
    page: "https://docs.aws.amazon.com/AmazonECR/latest/userguide/image-tag-mutability.html",
    bad: IMAGE_SCAN.good,
    good: r#"{"Resources": {"Images": {"Type": "AWS::ECR::Repository", "Properties": {"ImageTagMutability": "IMMUTABLE"}}}}"#,
};

pub(crate) static INSIGHTS: Rule = Rule {
    id: "security/container-insights",
    severity: Severity::Info,
    statement: "a cluster has Container Insights",
    why: "a miner in a container shows as load first",
    page: "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/cloudwatch-container-insights.html",
    bad: r#"{"Resources": {"Cluster": {"Type": "AWS::ECS::Cluster"}}}"#,
    good: r#"{"Resources": {"Cluster": {"Type": "AWS::ECS::Cluster",
        "Properties": {"ClusterSettings": [{"Name": "containerInsights", "Value": "enabled"}]}}}}"#,
};

pub(crate) static CONTAINER_LOGS: Rule = Rule {
    id: "security/container-logs",
    severity: Severity::Warning,
    statement: "containers have a log configuration",
    why: "a container that was stopped takes its output with it",
    page: "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/using_awslogs.html",
    bad: r#"{"Resources": {"Task": {"Type": "AWS::ECS::TaskDefinition", "Properties": {"ContainerDefinitions": [
        {"Name": "agent", "Image": "example/agent:1", "Memory": 512}]}}}}"#,
    good: r#"{"Resources": {"Task": {"Type": "AWS::ECS::TaskDefinition", "Properties": {"ContainerDefinitions": [
        {"Name": "agent", "Image": "example/agent:1", "Memory": 512, "LogConfiguration": {"LogDriver": "awslogs",
            "Options": {"awslogs-group": "agent", "awslogs-region": "eu-west-1"}}}]}}}}"#,
};

pub(crate) static PRIVILEGED: Rule = Rule {
    id: "security/container-privileged",
    severity: Severity::Warning,
    statement: "containers are not privileged",
    why: "whoever gets into a privileged container has the host, and every other container on it",
    page: "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/security-tasks-containers.html",
    bad: r#"{"Resources": {"Job": {"Type": "AWS::Batch::JobDefinition", "Properties": {"Type": "container",
        "ContainerProperties": {"Image": "example/engine:1", "Privileged": true,
            "ResourceRequirements": [{"Type": "VCPU", "Value": "1"}, {"Type": "MEMORY", "Value": "512"}]}}}}}"#,
    good: r#"{"Resources": {"Job": {"Type": "AWS::Batch::JobDefinition", "Properties": {"Type": "container",
        "ContainerProperties": {"Image": "example/engine:1",
            "ResourceRequirements": [{"Type": "VCPU", "Value": "1"}, {"Type": "MEMORY", "Value": "512"}]}}}}}"#,
};

pub(crate) static READ_ONLY: Rule = Rule {
    id: "security/container-root",
    severity: Severity::Info,
    statement: "the root file system of containers is read-only",
    why: "then nobody can leave a program behind in them",
    page: "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/security-tasks-containers.html",
    bad: PRIVILEGED.good,
    good: r#"{"Resources": {"Job": {"Type": "AWS::Batch::JobDefinition", "Properties": {"Type": "container",
        "ContainerProperties": {"Image": "example/engine:1", "ReadonlyRootFilesystem": true,
            "ResourceRequirements": [{"Type": "VCPU", "Value": "1"}, {"Type": "MEMORY", "Value": "512"}]}}}}}"#,
};

pub(crate) static IN_TRANSIT: Rule = Rule {
    id: "security/encryption-in-transit",
    severity: Severity::Warning,
    statement: "shared files and the traffic between instances of a job are encrypted on the way",
    why: "networks are shared with more than one thinks",
    page: "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/efs-best-practices.html",
    bad: r#"{"Resources": {"Task": {"Type": "AWS::ECS::TaskDefinition", "Properties": {"Volumes": [
        {"Name": "models", "EFSVolumeConfiguration": {"FilesystemId": "fs-0123456789abcdef0"}}]}}}}"#,
    good: r#"{"Resources": {"Task": {"Type": "AWS::ECS::TaskDefinition", "Properties": {"Volumes": [
        {"Name": "models", "EFSVolumeConfiguration": {"FilesystemId": "fs-0123456789abcdef0",
            "TransitEncryption": "ENABLED"}}]}}}}"#,
};

pub(crate) static NOTEBOOK: Rule = Rule {
    id: "security/notebook",
    severity: Severity::Warning,
    statement: "a notebook is in a network of one's own, without the internet and without root",
    why: "notebooks run what people paste, with a role that reads the training data",
    page: "https://docs.aws.amazon.com/sagemaker/latest/dg/infrastructure-connect-to-resources.html",
    bad: r#"{"Resources": {"Notebook": {"Type": "AWS::SageMaker::NotebookInstance", "Properties": {
        "InstanceType": "ml.t3.medium", "RoleArn": "arn:aws:iam::123456789012:role/notebook"}}}}"#,
    good: r#"{"Resources": {"Notebook": {"Type": "AWS::SageMaker::NotebookInstance", "Properties": {
        "InstanceType": "ml.t3.medium", "RoleArn": "arn:aws:iam::123456789012:role/notebook",
        "SubnetId": "subnet-0123456789abcdef0", "SecurityGroupIds": ["sg-0123456789abcdef0"],
        "DirectInternetAccess": "Disabled", "RootAccess": "Disabled"}}}}"#,
};

pub(crate) static ISOLATION: Rule = Rule {
    id: "security/network-isolation",
    severity: Severity::Info,
    statement: "a model has network isolation",
    why: "models come from strangers, as code does",
    page: "https://docs.aws.amazon.com/sagemaker/latest/dg/mkt-algo-model-internet-free.html",
    bad: r#"{"Resources": {"Model": {"Type": "AWS::SageMaker::Model",
        "Properties": {"ExecutionRoleArn": "arn:aws:iam::123456789012:role/model"}}}}"#,
    good: r#"{"Resources": {"Model": {"Type": "AWS::SageMaker::Model", "Properties": {
        "ExecutionRoleArn": "arn:aws:iam::123456789012:role/model", "EnableNetworkIsolation": true}}}}"#,
};
