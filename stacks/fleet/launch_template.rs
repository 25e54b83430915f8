//! How an instance of a fleet starts.

use resources::kms::KeyRef;
use resources::{Tag, ec2};
use template::{IntoValue, Stack, Value, dynamic};

use super::instances::Instances;
use super::user_data;
use crate::environment::{FleetKind, Image};

/// Describes an instance; its type and its subnet are chosen by what starts it.
pub(super) fn data(instances: &Instances<'_>, stack: &mut Stack) -> ec2::LaunchTemplateData {
    let image: Value<String> = match &instances.settings.image {
        Image::Id(id) => id.as_str().into_value(),
        Image::SsmParameter(name) => dynamic::ssm(name.as_str(), None),
    };
    // Programs in containers are a hop further away than those on the instance, and have no business with its role.
    let metadata = ec2::MetadataOptions::new()
        .http_endpoint(ec2::MetadataOptionsHttpEndpoint::Enabled)
        .http_tokens(ec2::MetadataOptionsHttpTokens::Required)
        .http_put_response_hop_limit(1);
    let profile = ec2::IamInstanceProfile::new().arn(instances.shared.identity.instance_profile.arn());
    let data = ec2::LaunchTemplateData::new()
        .image_id(image)
        .iam_instance_profile(profile)
        .block_device_mappings([root_volume(instances)])
        .ebs_optimized(true)
        .metadata_options(metadata)
        .monitoring(ec2::Monitoring::new().enabled(true))
        .instance_initiated_shutdown_behavior(after_shutdown(instances))
        .tag_specifications(tags(instances))
        .user_data(user_data::fill(instances, stack));
    connected(data, instances)
}

/// Puts the instance into its security groups, and says whether it gets a public address.
///
/// A Spot Fleet that chooses among subnets ignores what a launch template says of network interfaces; a single instance has
/// its own, beside which EC2 refuses security groups of the whole instance.
fn connected(data: ec2::LaunchTemplateData, instances: &Instances<'_>) -> ec2::LaunchTemplateData {
    let groups = &instances.network.security_groups;
    match (instances.environment.fleet.kind, instances.network.public_addresses) {
        (FleetKind::Instance, _) => data,
        (FleetKind::AutoScaling, Some(public)) => {
            data.network_interfaces([ec2::launch_template::NetworkInterface::new()
                .device_index(0)
                .associate_public_ip_address(public)
                .delete_on_termination(true)
                .groups(groups)])
        }
        (FleetKind::AutoScaling | FleetKind::SpotFleet, _) => data.security_group_ids(groups),
    }
}

/// What becomes of an instance that shuts itself down: another one takes its place, unless there is only the one.
fn after_shutdown(instances: &Instances<'_>) -> ec2::LaunchTemplateDataInstanceInitiatedShutdownBehavior {
    match instances.environment.fleet.kind {
        FleetKind::AutoScaling | FleetKind::SpotFleet => {
            ec2::LaunchTemplateDataInstanceInitiatedShutdownBehavior::Terminate
        }
        FleetKind::Instance => ec2::LaunchTemplateDataInstanceInitiatedShutdownBehavior::Stop,
    }
}

fn root_volume(instances: &Instances<'_>) -> ec2::BlockDeviceMapping {
    let volume = &instances.settings.volume;
    let disk = ec2::Ebs::new()
        .delete_on_termination(true)
        .encrypted(true)
        .kms_key_id(instances.shared.keys.disks.as_ref().map(KeyRef::arn))
        .volume_type(ec2::EbsVolumeType::Gp3)
        .volume_size(volume.gibibytes)
        .iops(volume.iops)
        .throughput(volume.mebibytes_per_second);
    ec2::BlockDeviceMapping::new().device_name(&volume.device).ebs(disk)
}

/// Tags instances and their volumes alike: a group hands its own tags on to instances only, a Spot Fleet to neither.
fn tags(instances: &Instances<'_>) -> [ec2::TagSpecification; 2] {
    let tags = || {
        let all = crate::tags(instances.environment).into_iter().map(|(key, value)| Tag::new(key, value));
        instances.own_tags().into_iter().chain(all).collect::<Vec<_>>()
    };
    [ec2::TagSpecificationResourceType::Instance, ec2::TagSpecificationResourceType::Volume]
        .map(|resource| ec2::TagSpecification::new().resource_type(resource).tags(tags()))
}
