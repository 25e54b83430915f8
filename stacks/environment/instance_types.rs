//! The instance types that a fleet may have: those with NVIDIA GPUs that also encode video.
//!
//! From the pages of the G4dn, G5, G6, Gr6 and G6e families, "Accelerated computing" in the EC2 instance types guide. The
//! P families are left out: their GPUs have no encoder.

/// Families and, for each of their sizes, how many GPUs it has.
const FAMILIES: [(&str, &[(&str, u32)]); 5] = [
    (
        "g6e",
        &[
            ("xlarge", 1),
            ("2xlarge", 1),
            ("4xlarge", 1),
            ("8xlarge", 1),
            ("16xlarge", 1),
            ("12xlarge", 4),
            ("24xlarge", 4),
            ("48xlarge", 8),
        ],
    ),
    (
        "g6",
        &[
            ("xlarge", 1),
            ("2xlarge", 1),
            ("4xlarge", 1),
            ("8xlarge", 1),
            ("16xlarge", 1),
            ("12xlarge", 4),
            ("24xlarge", 4),
            ("48xlarge", 8),
        ],
    ),
    ("gr6", &[("4xlarge", 1), ("8xlarge", 1)]),
    (
        "g5",
        &[
            ("xlarge", 1),
            ("2xlarge", 1),
            ("4xlarge", 1),
            ("8xlarge", 1),
            ("16xlarge", 1),
            ("12xlarge", 4),
            ("24xlarge", 4),
            ("48xlarge", 8),
        ],
    ),
    (
        "g4dn",
        &[
            ("xlarge", 1),
            ("2xlarge", 1),
            ("4xlarge", 1),
            ("8xlarge", 1),
            ("16xlarge", 1),
            ("12xlarge", 4),
            ("metal", 8),
        ],
    ),
];

/// Returns how many GPUs a type has, unless it is not known.
pub(super) fn gpus(name: &str) -> Option<u32> {
    all().find(|(known, _)| known == name).map(|(_, gpus)| gpus)
}

/// Returns how many vCPUs a type has: in all of these families, four for each `x`, of which `xlarge` is one; the one metal
/// size is as large as the largest of its family would be. `None` for other names.
pub fn vcpus(name: &str) -> Option<u32> {
    let (family, size) = name.split_once('.')?;
    let multiple = match size {
        "metal" if family == "g4dn" => 24,
        "xlarge" => 1,
        _ => size.strip_suffix("xlarge")?.parse().ok()?,
    };
    Some(4 * multiple)
}

/// Lists the types that are known, and how many GPUs each has.
pub(super) fn all() -> impl Iterator<Item = (String, u32)> {
    FAMILIES
        .iter()
        .flat_map(|(family, sizes)| sizes.iter().map(move |(size, gpus)| (format!("{family}.{size}"), *gpus)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_vcpus_of_every_type_are_known() {
        assert!(all().all(|(name, _)| vcpus(&name).is_some()));
        for (name, count) in [("g6e.xlarge", 4), ("g6e.48xlarge", 192), ("g4dn.metal", 96), ("g5.12xlarge", 48)] {
            assert_eq!(vcpus(name), Some(count), "{name}");
        }
        assert_eq!(vcpus("t3.micro"), None);
    }
}
