//! Rules of keys, networks, roles and fleets.

use super::complaint_about;
use crate::environment::Environment;

const FLEET: &str = r#"account = "111122223333"
region = "ap-northeast-2"

[recipe]
engine = "scale"
scale = 2

[recipe.encoding]
codec = "libx264"
quality = 18
preset = "medium"
pixel_format = "yuv420p"
container = "mp4"

[keys]

[identity]

[network.create]
addresses = "10.20.0.0/16"
zones = ["a", "c"]
egress = "nat"

[fleet]
kind = "auto-scaling"

[fleet.instances]
image = { id = "ami-0a1b2c3d" }
types = ["g6e.xlarge", "g6e.2xlarge"]
volume = { gibibytes = 100 }
maximum = 4
"#;

const EXISTING: &str = r#"[network.existing]
vpc = "vpc-0a1b2c3d"
subnets = ["subnet-0a1b2c3d", "subnet-0a1b2c3e"]
"#;

const CREATE: &str = r#"[network.create]
addresses = "10.20.0.0/16"
zones = ["a", "c"]
egress = "nat"
"#;

fn with(replaced: &str, by: &str) -> String {
    assert!(FLEET.contains(replaced), "{replaced}");
    FLEET.replacen(replaced, by, 1)
}

#[test]
fn a_fleet_is_sound() {
    for text in [FLEET.to_owned(), with(CREATE, EXISTING)] {
        assert!(Environment::parse("fleet", "fleet.toml", &text).is_ok());
    }
}

#[test]
fn what_does_not_go_together_is_shown_with_its_place() {
    for (replaced, by, expected) in [
        (
            CREATE,
            "",
            "fleet.toml:23:8: fleet.instances needs a network (describe one by `[network.create]`, or name one that is there \
             by `[network.existing]`)",
        ),
        (
            "10.20.0.0/16",
            "10.20.0.0/28",
            "fleet.toml:20:1: network.create.addresses is `10.20.0.0/28`; allowed: blocks from /16 to /24",
        ),
        (
            "10.20.0.0/16",
            "11.20.0.0/16",
            "fleet.toml:20:1: network.create.addresses is `11.20.0.0/16`, which belongs to someone on the internet (take a \
             block out of 10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16 or 100.64.0.0/10)",
        ),
        (
            "10.20.0.0/16",
            "10.20.1.0/16",
            "fleet.toml:20:13: `10.20.1.0/16` is not a block of IPv4 addresses that begins where it says, such as `10.20.0.0/16`",
        ),
        (
            "addresses = \"10.20.0.0/16\"\nzones = [\"a\", \"c\"]\negress = \"nat\"",
            "addresses = \"10.20.0.0/23\"\nzones = [\"a\", \"c\"]\negress = \"endpoints\"",
            "fleet.toml:20:1: network.create.addresses is `10.20.0.0/23`; with endpoints, allowed: blocks from /16 to /22",
        ),
        (
            r#"["a", "c"]"#,
            r#"["a", "a"]"#,
            "fleet.toml:21:1: network.create.zones must name two or three zones, each once",
        ),
        (
            "egress = \"nat\"",
            "egress = \"nat\"\nflow_log_retention_days = 31",
            "fleet.toml:23:1: network.create.flow_log_retention_days is 31; allowed: 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, \
             180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653",
        ),
        ("[keys]", "[keys]\nrotation_days = 30", "fleet.toml:16:1: keys.rotation_days is 30; allowed: 90 to 2560"),
        (
            "[identity]",
            "[identity]\nworkflow_role = \"existing\"",
            "fleet.toml:18:1: identity.workflow_role is there already, but has no name (name it by \
             `identity.workflow_role_name`)",
        ),
        (
            "[identity]",
            "[identity]\npackaging_role_name = \"a b\"",
            "fleet.toml:18:1: identity.packaging_role_name is `a b`; allowed: 1 to 64 letters, digits and `_+=,.@-`",
        ),
    ] {
        assert_eq!(complaint_about("fleet", &with(replaced, by)), expected, "{by}");
    }
}

#[test]
fn a_fleet_is_what_its_kind_can_be() {
    for (replaced, by, expected) in [
        (
            r#"["g6e.xlarge", "g6e.2xlarge"]"#,
            r#"["g6e.xlarge"]"#,
            "fleet.toml:29:1: fleet.instances.types: a fleet of kind `auto-scaling` needs two types at least, of which one \
             can be had as Spot",
        ),
        (
            "auto-scaling\"\n\n[fleet.instances]",
            "spot-fleet\"\n\n[fleet.instances]\non_demand_percentage = 10",
            "fleet.toml:28:1: fleet.instances.on_demand_percentage: a fleet of kind `spot-fleet` is Spot as a whole",
        ),
        (
            "auto-scaling\"\n\n[fleet.instances]",
            "spot-fleet\"\n\n[fleet.instances]\non_demand_base = 1",
            "fleet.toml:28:1: fleet.instances.on_demand_base: a fleet of kind `spot-fleet` is Spot as a whole",
        ),
        (
            "auto-scaling",
            "instance",
            "fleet.toml:29:1: fleet.instances.types: a fleet of kind `instance` has one instance, of one type\n\
             fleet.toml:31:1: fleet.instances.maximum: a fleet of kind `instance` has one instance",
        ),
        (
            "maximum = 4",
            "maximum = 4\non_demand_base = 5",
            "fleet.toml:32:1: fleet.instances.on_demand_base is 5, but must be at most fleet.instances.maximum, 4",
        ),
        (
            "maximum = 4",
            "maximum = 4\non_demand_percentage = 101",
            "fleet.toml:32:1: fleet.instances.on_demand_percentage is 101; allowed: 0 to 100",
        ),
        (
            CREATE,
            &EXISTING.replace(", \"subnet-0a1b2c3e\"", ""),
            "fleet.toml:21:1: network.existing.subnets has 1 entries; a fleet of several instances needs two (name one in \
             each of two Availability Zones: one alone may have no instance left)",
        ),
    ] {
        assert_eq!(complaint_about("fleet", &with(replaced, by)), expected, "{by}");
    }
}

#[test]
fn commands_have_their_tools() {
    let text = with("egress = \"nat\"", "egress = \"endpoints\"");
    let text = text.replace("engine = \"scale\"", "engine = { bluewhale = { model = \"a\" } }");
    let text = text.replace("[keys]", "[jobs]\nexecutor = \"run-command\"");
    assert_eq!(
        complaint_about("fleet", &text),
        "fleet.toml:16:1: jobs.executor `run-command` needs the AWS CLI on instances, which cannot fetch it with endpoints only \
         (take an image that has it and set `fleet.instances.image_has_aws_cli = true`, or another egress)"
    );
    for (replaced, by) in [("maximum = 4", "maximum = 4\nimage_has_aws_cli = true"), ("\"endpoints\"", "\"public\"")] {
        let text = text.replace(replaced, by);
        assert!(Environment::parse("fleet", "fleet.toml", &text).is_ok(), "{by}");
    }
}

#[test]
fn instance_types_are_known_and_have_one_gpu() {
    for (name, expected) in [
        ("g6e.1xlarge", "`g6e.1xlarge` is no instance type whose GPU encodes video (did you mean `g6e.16xlarge`?)"),
        (
            "g6e.12xlarge",
            "instance type `g6e.12xlarge` has 4 GPUs, but a worker uses one (take types with one GPU, and more instances)",
        ),
        ("g6e.xlarge", "instance type `g6e.xlarge` stands twice (keep one of the two)"),
    ] {
        let complaint = complaint_about("fleet", &with("g6e.2xlarge", name));
        assert_eq!(complaint, format!("fleet.toml:29:1: {expected}"));
    }
}

#[test]
fn a_volume_is_one_that_can_be_had() {
    for (volume, expected) in [
        ("gibibytes = 4", "gibibytes is 4; allowed: 8 to 16384"),
        ("gibibytes = 10, iops = 6000", "iops is 6000, but 10 GiB allow 5000 (at most 500 operations for each GiB)"),
        (
            "gibibytes = 100, mebibytes_per_second = 800",
            "mebibytes_per_second is 800, but 3000 operations allow 750 (at most a quarter of the operations)",
        ),
        ("gibibytes = 100, device = \"sda1\"", "device is `sda1`, which names no device, such as `/dev/sda1`"),
    ] {
        let complaint = complaint_about("fleet", &with("gibibytes = 100", volume));
        let (_, complaint) = complaint.split_once(": fleet.instances.volume.").unwrap_or(("", &complaint));
        assert_eq!(complaint, expected);
    }
}
