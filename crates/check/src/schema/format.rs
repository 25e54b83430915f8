//! The formats that schemas name beside patterns: ids and ARNs of other resources, and address blocks.

use std::net::{Ipv4Addr, Ipv6Addr};

use super::Patterns;

/// Each format, the pattern of its texts, and how a message describes it.
///
/// The patterns follow cfn-lint's rules E1150 to E1161 (MIT-0).
const FORMATS: [(&str, &str, &str); 13] = [
    (
        "AWS::ACM::Certificate.Arn",
        r"^arn:aws[a-zA-Z-]*:acm:[a-z0-9-]+:\d{12}:certificate/.+$",
        "the ARN of a certificate, such as `arn:aws:acm:eu-west-1:111122223333:certificate/1`",
    ),
    (
        "AWS::EC2::Image.Id",
        r"^(ami-([0-9a-z]{8}|[0-9a-z]{17})|resolve:ssm:.+)$",
        "the id of an image, such as `ami-0123456789abcdef0`",
    ),
    (
        "AWS::EC2::SecurityGroup.Id",
        r"^sg-([a-fA-F0-9]{8}|[a-fA-F0-9]{17})$",
        "the id of a security group, such as `sg-0123456789abcdef0`",
    ),
    ("AWS::EC2::SecurityGroup.Name", r"^[a-zA-Z0-9 ._\-:/()#,@\[\]+=&;{}!$*]+$", "the name of a security group"),
    (
        "AWS::EC2::Subnet.Id",
        r"^subnet-([a-fA-F0-9]{8}|[a-fA-F0-9]{17})$",
        "the id of a subnet, such as `subnet-0123456789abcdef0`",
    ),
    ("AWS::EC2::VPC.Id", r"^vpc-([a-fA-F0-9]{8}|[a-fA-F0-9]{17})$", "the id of a VPC, such as `vpc-0123456789abcdef0`"),
    (
        "AWS::IAM::Role.Arn",
        r"^arn:aws[a-zA-Z-]*:iam::(\d{12}|aws):role/.+$",
        "the ARN of a role, such as `arn:aws:iam::111122223333:role/worker`",
    ),
    ("AWS::KMS::Alias.AliasName", r"^alias/[a-zA-Z0-9:/_-]+$", "an alias, such as `alias/videos`"),
    (
        "AWS::KMS::Key.Arn",
        r"^arn:aws[a-zA-Z-]*:kms:[a-z0-9-]+:\d{12}:(key|alias)/.+$",
        "the ARN of a key, such as `arn:aws:kms:eu-west-1:111122223333:key/1`",
    ),
    (
        "AWS::KMS::Key.Id",
        r"^([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|mrk-[0-9a-f]{32}|alias/[a-zA-Z0-9/_-]+)$",
        "the id of a key",
    ),
    (
        "AWS::Lambda::Function.Arn",
        r"^arn:aws[a-zA-Z-]*:lambda:[a-z0-9-]+:\d{12}:function:.+$",
        "the ARN of a function, such as `arn:aws:lambda:eu-west-1:111122223333:function:probe`",
    ),
    ("AWS::Logs::LogGroup.Name", r"^[._/#A-Za-z0-9-]{1,512}$", "the name of a log group"),
    (
        "AWS::SNS::Topic.Arn",
        r"^arn:aws[a-zA-Z-]*:sns:[a-z0-9-]+:\d{12}:.+$",
        "the ARN of a topic, such as `arn:aws:sns:eu-west-1:111122223333:done`",
    ),
];

/// Describes what the texts of a format are, if it is the id or the ARN of something.
pub(super) fn described(format: &str) -> Option<&'static str> {
    FORMATS.iter().find(|(name, ..)| *name == format).map(|(_, _, described)| *described)
}

/// Describes what a text should be, if it does not have this format.
pub(super) fn violated(patterns: &Patterns, format: &str, text: &str) -> Option<&'static str> {
    if let Some((_, pattern, described)) = FORMATS.iter().find(|(name, ..)| *name == format) {
        return (!patterns.fits(pattern, text)).then_some(*described);
    }
    let (fits, described) = match format {
        "AWS::S3::Bucket.Name" => {
            let is_plain = patterns.fits(r"^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$", text);
            let has_odd_dots = ["..", ".-", "-."].iter().any(|odd| text.contains(odd));
            (is_plain && !has_odd_dots, "the name of a bucket: 3 to 63 of a-z, 0-9, `.` and `-`")
        }
        "ipv4-network" => (is_network::<Ipv4Addr>(text, 32), "an IPv4 address block, such as `10.0.0.0/16`"),
        "ipv6-network" => (is_network::<Ipv6Addr>(text, 128), "an IPv6 address block, such as `2001:db8::/56`"),
        _ => return None,
    };
    (!fits).then_some(described)
}

fn is_network<A: std::str::FromStr>(text: &str, bits: u32) -> bool {
    let (address, prefix) = text.split_once('/').unwrap_or((text, "0"));
    address.parse::<A>().is_ok() && prefix.parse::<u32>().is_ok_and(|prefix| prefix <= bits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_tell_good_from_bad() {
        let cases = [
            ("AWS::EC2::VPC.Id", "vpc-0123456789abcdef0", "vpc-123"),
            ("AWS::S3::Bucket.Name", "my.bucket-1", "my..bucket"),
            ("AWS::S3::Bucket.Name", "abc", "MyBucket"),
            ("AWS::KMS::Key.Arn", "arn:aws-cn:kms:cn-north-1:111122223333:key/1", "arn:aws:kms:key/1"),
            ("AWS::IAM::Role.Arn", "arn:aws:iam::111122223333:role/a/b", "arn:aws:iam::111122223333:user/a"),
            ("ipv4-network", "10.0.0.0/16", "10.0.0.0/33"),
            ("ipv6-network", "2001:db8::/56", "10.0.0.0/16"),
        ];
        let patterns = Patterns::default();
        for (format, good, bad) in cases {
            assert_eq!(violated(&patterns, format, good), None, "{format} {good}");
            assert!(violated(&patterns, format, bad).is_some(), "{format} {bad}");
        }
        assert_eq!(violated(&patterns, "date-time", "anything"), None);
    }
}
