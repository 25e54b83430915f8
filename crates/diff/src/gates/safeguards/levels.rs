//! Safeguards that take more than one value to tell.

use super::{FIRST_HOLE, Level, Properties};

fn level(safety: f64, shown: &str) -> Level {
    Level { safety, shown: shown.to_owned() }
}

/// Whether a network interface asks for a public address; without one of its own the subnet decides.
pub(super) fn public_address(properties: &mut Properties<'_, '_, '_>) -> Option<Level> {
    let paths = ["NetworkInterfaces", "LaunchTemplateData/NetworkInterfaces"];
    let values = paths.into_iter().flat_map(|path| properties.values(&format!("{path}/*/AssociatePublicIpAddress")));
    let values: Vec<String> = values.flatten().map(|value| value.to_ascii_lowercase()).collect();
    if values.iter().any(|value| value == "true") {
        return Some(level(0.0, "a public address"));
    }
    // Whether another value asks for one is not known before deployment.
    values.iter().all(|value| value == "false").then(|| level(1.0, "none"))
}

/// Whose pages may call the address of a function from a browser.
pub(super) fn url_origins(properties: &mut Properties<'_, '_, '_>) -> Option<Level> {
    let origins: Vec<String> = properties.values("Cors/AllowOrigins/*").into_iter().flatten().collect();
    if origins.iter().any(|origin| origin == "*") {
        return Some(level(0.0, "any origin"));
    }
    let is_known = |origin: &String| !origin.chars().any(|character| character >= FIRST_HOLE);
    origins.iter().all(is_known).then(|| level(1.0, "not every origin"))
}

/// How objects of a bucket are encrypted. Without a setting it is with keys of S3.
pub(super) fn bucket_encryption(properties: &mut Properties<'_, '_, '_>) -> Option<Level> {
    let rule = "BucketEncryption/ServerSideEncryptionConfiguration/*/ServerSideEncryptionByDefault";
    let algorithm = properties.value(&format!("{rule}/SSEAlgorithm"));
    let own = properties.is_there(&format!("{rule}/KMSMasterKeyID"));
    Some(match (algorithm.as_deref(), own) {
        (None | Some("AES256"), _) => level(1.0, "a key of S3"),
        (Some("aws:kms"), false) => level(2.0, "a KMS key of AWS"),
        (Some("aws:kms"), true) => level(3.0, "your KMS key"),
        (Some("aws:kms:dsse"), _) => level(4.0, "two layers with a KMS key"),
        _ => return None,
    })
}

/// How messages of a queue are encrypted. Without a setting it is with keys of SQS.
pub(super) fn queue_encryption(properties: &mut Properties<'_, '_, '_>) -> Option<Level> {
    let own = properties.value("KmsMasterKeyId");
    let managed = properties.value("SqsManagedSseEnabled");
    Some(match (own.as_deref(), managed.as_deref()) {
        (Some("alias/aws/sqs"), _) => level(2.0, "a KMS key of AWS"),
        (Some(_), _) => level(3.0, "your KMS key"),
        (None, Some("false")) => level(0.0, "nothing"),
        (None, None | Some("true")) => level(1.0, "a key of SQS"),
        // Whether it is on is not known before deployment.
        (None, Some(_)) => return None,
    })
}

/// The least version of TLS of a load balancer's policy, which is in its name.
pub(super) fn listener_tls(properties: &mut Properties<'_, '_, '_>) -> Option<Level> {
    match properties.value("Protocol").as_deref() {
        Some("HTTP" | "TCP" | "UDP" | "TCP_UDP") => return Some(level(0.0, "no TLS")),
        Some("HTTPS" | "TLS") => {}
        _ => return None,
    }
    let policy = properties.value("SslPolicy");
    let name = policy.as_deref().unwrap_or("ELBSecurityPolicy-2016-08");
    let rest = name.strip_prefix("ELBSecurityPolicy-")?;
    let least = match rest {
        _ if rest.starts_with("TLS13-1-3") => 1.3,
        _ if ["TLS13-1-2", "TLS-1-2", "FS-1-2"].iter().any(|start| rest.starts_with(start)) => 1.2,
        _ if ["TLS13-1-1", "TLS-1-1", "FS-1-1"].iter().any(|start| rest.starts_with(start)) => 1.1,
        _ => 1.0,
    };
    Some(Level { safety: least, shown: format!("TLS {least:.1}") })
}

/// How long the retention of an object lock is, in days.
pub(super) fn lock_retention(properties: &mut Properties<'_, '_, '_>) -> Option<Level> {
    let retention = "ObjectLockConfiguration/Rule/DefaultRetention";
    let mut number = |name: &str| match properties.value(&format!("{retention}/{name}")) {
        Some(value) => value.parse::<f64>().ok(),
        None => Some(0.0),
    };
    let days = number("Days")? + number("Years")? * 365.0;
    Some(Level { safety: days, shown: format!("{days} days") })
}
