//! A fleet of one instance, on demand: as the seeds begin.

use resources::ec2::instance::NetworkInterface;
use resources::ec2::{Instance, LaunchTemplateSpecification};
use template::{Declare, Stack, Value, equals, not};

use super::instances::{Instances, Template};

/// Adds the instance, which is there unless the colour idles.
pub(super) fn add(instances: &Instances<'_>, stack: &mut Stack, template: &Template, minimum: &Value<i64>) {
    let works = stack.condition("Works", not(equals(minimum, "0")));
    let network = instances.network;
    let version = LaunchTemplateSpecification::new().version(&template.version).launch_template_id(&template.id);
    let interface = NetworkInterface::new("0")
        .subnet_id(network.subnets.first())
        .group_set(&network.security_groups)
        .associate_public_ip_address(network.public_addresses)
        .delete_on_termination(true);
    let instance = Instance::new()
        .launch_template(version)
        .instance_type(instances.settings.types.first())
        .monitoring(true)
        // Commands find instances by these; those of the launch template are for its volume.
        .tags(instances.own_tags())
        .network_interfaces([interface]);
    stack.add("Instance", instance.when(&works));
}
