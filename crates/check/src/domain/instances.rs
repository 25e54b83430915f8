//! Instances: what they are started with, and on which volumes.

use tree::Finding;

use super::instance_rules::{BEGINNING, LAUNCH, TYPE, USER_DATA, VOLUME};
use super::scripts;
use crate::look::{Part, Resource, View};
use crate::words::{any_of, did_you_mean, quoted};

/// How large user data may be before it is encoded, in bytes.
const LARGEST: usize = 16 * 1024;

/// Checks a launch template.
pub(super) fn launch_template(template: &Resource<'_>, findings: &mut Vec<Finding>) {
    data(template.at("LaunchTemplateData"), findings);
}

/// Checks a single instance.
pub(super) fn instance(instance: &Resource<'_>, findings: &mut Vec<Finding>) {
    data(instance.properties, findings);
}

/// Checks a single volume.
pub(super) fn volume(volume: &Resource<'_>, findings: &mut Vec<Finding>) {
    let properties = volume.properties;
    ebs(properties, properties.get("Size"), findings);
}

fn data(data: View<'_>, findings: &mut Vec<Finding>) {
    user_data(data.get("UserData"), findings);
    instance_type(data.get("InstanceType"), findings);
    for mapping in data.get("BlockDeviceMappings").items() {
        let own = mapping.get("Ebs");
        ebs(own, own.get("VolumeSize"), findings);
    }
    let interfaces = data.get("NetworkInterfaces");
    for key in ["SecurityGroupIds", "SecurityGroups", "SubnetId"] {
        let beside = data.get(key);
        if !beside.is_absent() && interfaces.items().next().is_some() {
            let message = format!("`{key}` stands beside `NetworkInterfaces`, which say that themselves");
            findings.push(beside.finding(&LAUNCH, message).hint("move it into the network interfaces"));
        }
    }
    if !data.get("InstanceType").is_absent() && !data.get("InstanceRequirements").is_absent() {
        let place = data.get("InstanceRequirements");
        findings.push(
            place.finding(&LAUNCH, "`InstanceRequirements` stands beside `InstanceType`").hint("keep one of the two"),
        );
    }
}

/// How user data begins that cloud-init and EC2's agents for Windows and for containers understand.
static BEGINNINGS: [&str; 12] = [
    "#!",
    "#cloud-boothook",
    "#cloud-config",
    "#include",
    "#part-handler",
    "#upstart-job",
    "## template: jinja",
    "Content-Type:",
    "MIME-Version:",
    "From ",
    "<",
    "version:",
];

fn user_data(view: View<'_>, findings: &mut Vec<Finding>) {
    if let Some(text) = view.literal() {
        let fits = |character: char| character.is_ascii_alphanumeric() || "+/=\n\r".contains(character);
        if let Some(odd) = text.chars().find(|character| !fits(*character)) {
            let message = format!("`UserData` has the character `{}`, but must be base64", odd.escape_debug());
            findings.push(view.finding(&USER_DATA, message).hint("put it into `Fn::Base64`"));
        }
        return;
    }
    let Some(plain) = view.argument("Fn::Base64") else {
        let is_plain = |part: &Part<'_>| matches!(part, Part::Text(text) if text.trim().contains([' ', '#', '-', '$']));
        if view.argument("Fn::Sub").is_some() && view.parts().iter().any(is_plain) {
            let message = "`UserData` is the text of `Fn::Sub`, but must be base64";
            findings.push(view.finding(&USER_DATA, message).hint("put it into `Fn::Base64`"));
        }
        return;
    };
    let parts = plain.parts();
    let bytes: usize = parts.iter().map(|part| if let Part::Text(text) = part { text.len() } else { 0 }).sum();
    if bytes > LARGEST {
        let message = format!("`UserData` has at least {bytes} bytes, but at most {LARGEST} are allowed");
        findings.push(view.finding(&USER_DATA, message).hint("let it fetch the rest from a bucket"));
    }
    scripts::user_data(plain, findings);
    let Some(Part::Text(first)) = parts.first() else { return };
    // Other images read other formats: Ignition is JSON, Bottlerocket's settings are TOML.
    let is_other = first.trim_start().starts_with(['{', '[']);
    if !first.is_empty() && !is_other && !BEGINNINGS.iter().any(|beginning| first.starts_with(beginning)) {
        let line = first.lines().next().unwrap_or_default();
        let message = if first.starts_with(char::is_whitespace) && first.trim_start().starts_with('#') {
            "`UserData` begins with white space, so cloud-init does not see what it is".to_owned()
        } else {
            format!("`UserData` begins with {}, which cloud-init does not run", quoted(line))
        };
        findings
            .push(view.finding(&BEGINNING, message).hint("begin with `#!/bin/bash`, `#cloud-config` or a MIME header"));
    }
}

/// What a volume type allows: IOPS from and to, IOPS per GiB, GiB from and to.
struct Volume {
    name: &'static str,
    iops: Option<(i64, i64)>,
    per_gib: i64,
    gib: (i64, i64),
}

/// From "Amazon EBS volume types".
static VOLUMES: [Volume; 7] = [
    Volume { name: "gp2", iops: None, per_gib: 0, gib: (1, 16_384) },
    Volume { name: "gp3", iops: Some((3000, 80_000)), per_gib: 500, gib: (1, 65_536) },
    Volume { name: "io1", iops: Some((100, 64_000)), per_gib: 50, gib: (4, 16_384) },
    Volume { name: "io2", iops: Some((100, 256_000)), per_gib: 1000, gib: (4, 65_536) },
    Volume { name: "sc1", iops: None, per_gib: 0, gib: (125, 16_384) },
    Volume { name: "st1", iops: None, per_gib: 0, gib: (125, 16_384) },
    Volume { name: "standard", iops: None, per_gib: 0, gib: (1, 1024) },
];

/// What a gp3 volume has if nothing else is said: operations a second.
const GP3_IOPS: i64 = 3000;

fn ebs(view: View<'_>, size: View<'_>, findings: &mut Vec<Finding>) {
    let kind = view.get("VolumeType");
    let name = if kind.is_absent() && view.is_known() { Some("gp2".into()) } else { kind.text() };
    let Some(volume) = name.and_then(|name| VOLUMES.iter().find(|volume| volume.name == name)) else { return };
    let (iops, throughput) = (view.get("Iops"), view.get("Throughput"));
    let gib = size.integer();
    if let Some(gib) = gib.filter(|gib| !(volume.gib.0..=volume.gib.1).contains(gib)) {
        let message = format!(
            "a volume of type {} has {gib} GiB, but must have from {} to {}",
            volume.name, volume.gib.0, volume.gib.1
        );
        findings.push(size.finding(&VOLUME, message));
    }
    match (volume.iops, iops.integer()) {
        (None, _) if !iops.is_absent() => {
            let message = format!("a volume of type {} takes no `Iops`", volume.name);
            findings.push(iops.finding(&VOLUME, message).hint("leave it out, or choose gp3"));
        }
        (Some((least, most)), Some(number)) if !(least..=most).contains(&number) => {
            let message = format!("`Iops` is {number}, but must be from {least} to {most} for type {}", volume.name);
            findings.push(iops.finding(&VOLUME, message));
        }
        (Some((least, _)), Some(number)) => {
            if let Some(gib) = gib.filter(|gib| number > gib * volume.per_gib && number > least) {
                let message = format!(
                    "`Iops` is {number}, but {gib} GiB of type {} allow at most {}",
                    volume.name,
                    gib * volume.per_gib
                );
                findings.push(iops.finding(&VOLUME, message).hint("make the volume larger"));
            }
        }
        (Some(_), None) if iops.is_absent() && volume.name.starts_with("io") && view.is_closed() => {
            findings.push(view.finding(&VOLUME, format!("a volume of type {} must have `Iops`", volume.name)));
        }
        _ => {}
    }
    transfer(volume, iops, throughput, findings);
}

fn transfer(volume: &Volume, iops: View<'_>, throughput: View<'_>, findings: &mut Vec<Finding>) {
    if volume.name != "gp3" {
        if !throughput.is_absent() {
            let message = format!("a volume of type {} takes no `Throughput`", volume.name);
            findings.push(throughput.finding(&VOLUME, message).hint("leave it out, or choose gp3"));
        }
        return;
    }
    let operations = if iops.is_absent() { Some(GP3_IOPS) } else { iops.integer() };
    if let (Some(operations), Some(mebibytes)) = (operations, throughput.integer())
        && mebibytes * 4 > operations
    {
        let message = format!(
            "`Throughput` is {mebibytes} MiB/s, but {operations} IOPS allow at most {}: a quarter of it each",
            operations / 4
        );
        findings.push(throughput.finding(&VOLUME, message).hint(format!("set `Iops` to at least {}", mebibytes * 4)));
    }
}

/// Families with accelerators and the sizes that there are, from "Amazon EC2 instance types by Region" and the pages of the
/// types: names of these are typed by hand most often here.
static SIZES: [(&str, &[&str]); 8] = [
    ("g4dn", &["xlarge", "2xlarge", "4xlarge", "8xlarge", "12xlarge", "16xlarge", "metal"]),
    ("g5", &["xlarge", "2xlarge", "4xlarge", "8xlarge", "12xlarge", "16xlarge", "24xlarge", "48xlarge"]),
    ("g5g", &["xlarge", "2xlarge", "4xlarge", "8xlarge", "16xlarge", "metal"]),
    ("g6", &["xlarge", "2xlarge", "4xlarge", "8xlarge", "12xlarge", "16xlarge", "24xlarge", "48xlarge"]),
    ("g6e", &["xlarge", "2xlarge", "4xlarge", "8xlarge", "12xlarge", "16xlarge", "24xlarge", "48xlarge"]),
    ("p3", &["2xlarge", "8xlarge", "16xlarge"]),
    ("p4d", &["24xlarge"]),
    ("p4de", &["24xlarge"]),
];

/// Checks the name of an instance type.
pub(super) fn instance_type(view: View<'_>, findings: &mut Vec<Finding>) {
    let Some(text) = view.text() else { return };
    let Some((family, size)) = text.split_once('.') else {
        let message =
            format!("the instance type is {}, but must have a family and a size, such as `g6e.xlarge`", quoted(&text));
        findings.push(view.finding(&TYPE, message));
        return;
    };
    if let Some((_, sizes)) = SIZES.iter().find(|(own, _)| *own == family) {
        if !sizes.contains(&size) {
            let message = format!("there is no instance type {}", quoted(&text));
            let mut finding = view.finding(&TYPE, message);
            finding.hint = did_you_mean(size, sizes.iter().copied())
                .map(|_| format!("{family} has {}", any_of(sizes.iter().copied())));
            finding.hint = finding.hint.or_else(|| Some(format!("{family} has {}", any_of(sizes.iter().copied()))));
            findings.push(finding);
        }
        return;
    }
    let number = size.strip_suffix("xlarge").map(|number| number.is_empty() || number.parse::<u16>().is_ok());
    let is_size = number
        .unwrap_or_else(|| ["nano", "micro", "small", "medium", "large"].contains(&size) || size.starts_with("metal"));
    let is_family = family.starts_with(|first: char| first.is_ascii_lowercase())
        && family
            .chars()
            .all(|character| character.is_ascii_lowercase() || character.is_ascii_digit() || character == '-')
        && family.contains(|character: char| character.is_ascii_digit());
    if !is_size || !is_family {
        let message = format!("there is no instance type {}", quoted(&text));
        findings.push(
            view.finding(&TYPE, message).hint("a type has a family and a size, such as `g6e.xlarge` or `m7g.large`"),
        );
    }
}

/// Tells whether instances of a type are of Arm's architecture; Intel's and AMD's are the others.
pub(super) fn is_arm(text: &str) -> Option<bool> {
    let (family, _) = text.split_once('.')?;
    let start = family.find(|character: char| character.is_ascii_digit())?;
    let options = family[start..].trim_start_matches(|character: char| character.is_ascii_digit());
    Some(family == "a1" || options.contains('g'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn architectures_are_told_by_the_name() {
        for (name, arm) in [
            ("g6e.xlarge", false),
            ("m7g.large", true),
            ("g5g.xlarge", true),
            ("g4dn.xlarge", false),
            ("is4gen.large", true),
            ("c7i-flex.large", false),
        ] {
            assert_eq!(is_arm(name), Some(arm), "{name}");
        }
    }
}
