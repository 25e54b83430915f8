//! Texts of a certain shape, which are checked where they are read.

use std::borrow::Cow;
use std::fmt;
use std::net::Ipv4Addr;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};

/// Declares a text of a certain shape: its check, the pattern that says the same in the JSON Schema, and its words.
macro_rules! text {
    ($(#[$documentation:meta])* $name:ident, $pattern:literal, $expected:literal, $example:literal, $valid:expr) => {
        $(#[$documentation])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            /// Returns the text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl TryFrom<String> for $name {
            type Error = String;

            fn try_from(text: String) -> Result<Self, String> {
                let valid: fn(&str) -> bool = $valid;
                if valid(&text) {
                    Ok(Self(text))
                } else {
                    Err(format!("`{text}` is not {}, such as `{}`", $expected, $example))
                }
            }
        }

        impl From<$name> for String {
            fn from(text: $name) -> Self {
                text.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.pad(&self.0)
            }
        }

        impl JsonSchema for $name {
            fn schema_name() -> Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!({ "type": "string", "pattern": $pattern, "examples": [$example] })
            }

            fn inline_schema() -> bool {
                true
            }
        }
    };
}

text!(
    /// The id of an AWS account.
    AccountId, "^[0-9]{12}$", "an account id of 12 digits", "111122223333",
    |text| text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit())
);

text!(
    /// The name of a region.
    Region, "^[a-z]{2}(-[a-z]+)+-[0-9]$", "the name of a region", "ap-northeast-2",
    |text| {
        let parts: Vec<_> = text.split('-').collect();
        let [area, words @ .., number] = parts.as_slice() else { return false };
        let letters = |word: &&str| !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_lowercase());
        area.len() == 2 && letters(area) && !words.is_empty() && words.iter().all(letters)
            && number.len() == 1 && number.bytes().all(|byte| byte.is_ascii_digit())
    }
);

text!(
    /// A part of stack names: lower case letters, digits and hyphens, a letter first, at most 32 characters.
    Slug, "^[a-z][a-z0-9-]{0,31}$", "made of lower case letters, digits and hyphens, a letter first, at most 32", "baleen",
    |text| text.len() <= 32
        && text.starts_with(|first: char| first.is_ascii_lowercase())
        && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
);

text!(
    /// The ending of an object key.
    Suffix, "^\\.[A-Za-z0-9]{1,16}$", "the ending of a file name, a full stop and up to 16 letters or digits", ".mp4",
    |text| text.strip_prefix('.').is_some_and(|letters| {
        (1..=16).contains(&letters.len()) && letters.bytes().all(|byte| byte.is_ascii_alphanumeric())
    })
);

text!(
    /// The id of a subnet.
    SubnetId, "^subnet-([0-9a-f]{8}|[0-9a-f]{17})$", "the id of a subnet", "subnet-0a1b2c3d4e5f67890",
    |text| is_resource_id(text, "subnet-")
);

text!(
    /// The id of a security group.
    SecurityGroupId, "^sg-([0-9a-f]{8}|[0-9a-f]{17})$", "the id of a security group", "sg-0a1b2c3d4e5f67890",
    |text| is_resource_id(text, "sg-")
);

text!(
    /// The id of a machine image.
    ImageId, "^ami-([0-9a-f]{8}|[0-9a-f]{17})$", "the id of a machine image", "ami-0a1b2c3d4e5f67890",
    |text| is_resource_id(text, "ami-")
);

text!(
    /// The id of a VPC.
    VpcId, "^vpc-([0-9a-f]{8}|[0-9a-f]{17})$", "the id of a VPC", "vpc-0a1b2c3d4e5f67890",
    |text| is_resource_id(text, "vpc-")
);

text!(
    /// The last letter of an Availability Zone's name.
    Zone, "^[a-h]$", "the last letter of an Availability Zone, a to h", "a",
    |text| matches!(text.as_bytes(), [b'a'..=b'h'])
);

impl Zone {
    /// Returns its place in the alphabet, from 0: below 8.
    pub fn index(&self) -> u32 {
        self.0.bytes().next().map_or(0, |letter| u32::from(letter - b'a'))
    }
}

text!(
    /// The name of a parameter of the Parameter Store.
    ParameterName, "^/?[A-Za-z0-9_.-]+(/[A-Za-z0-9_.-]+)*$", "the name of a parameter", "/baleen/image",
    |text| text.len() <= 1011
        && text.strip_prefix('/').unwrap_or(text).split('/').all(|part| {
            !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_.-".contains(&byte))
        })
);

text!(
    /// A block of IPv4 addresses.
    AddressBlock, "^[0-9]{1,3}(\\.[0-9]{1,3}){3}/[0-9]{1,2}$", "a block of IPv4 addresses that begins where it says",
    "10.20.0.0/16", |text| parse_block(text).is_some()
);

impl AddressBlock {
    /// Returns its first address, and how many bits of it the block's addresses share.
    pub fn first_and_length(&self) -> (Ipv4Addr, u32) {
        // What was accepted can be parsed.
        parse_block(&self.0).unwrap_or((Ipv4Addr::UNSPECIFIED, 0))
    }

    /// Cuts the block into 16 and returns one of them, from 0.
    pub fn sixteenth(&self, index: u32) -> String {
        let (first, length) = self.first_and_length();
        let length = length + 4;
        let first = u32::from(first) | (index << (32 - length));
        format!("{}/{length}", Ipv4Addr::from(first))
    }
}

/// Reads a block such as `10.20.0.0/16`; none if its first address has bits beyond its length.
fn parse_block(text: &str) -> Option<(Ipv4Addr, u32)> {
    let (first, length) = text.split_once('/')?;
    let (first, length): (Ipv4Addr, u32) = (first.parse().ok()?, length.parse().ok()?);
    let beyond = u32::MAX.checked_shr(length)?;
    (u32::from(first) & beyond == 0).then_some((first, length))
}

text!(
    /// A domain name.
    DomainName, "^([A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?\\.)+[A-Za-z]{2,63}$", "a domain name", "streams.example.com",
    |text| text.len() <= 253 && text.contains('.') && text.split('.').all(is_label)
        && text.rsplit('.').next().is_some_and(|last| last.len() > 1 && last.bytes().all(|byte| byte.is_ascii_alphabetic()))
);

text!(
    /// A certificate of Certificate Manager that CloudFront takes.
    CertificateArn, "^arn:aws[a-z-]*:acm:us-east-1:[0-9]{12}:certificate/[A-Za-z0-9-]+$",
    "the ARN of a certificate in region us-east-1",
    "arn:aws:acm:us-east-1:111122223333:certificate/0a1b2c3d-4e5f-6071-8293-a4b5c6d7e8f9",
    |text| {
        let parts: Vec<_> = text.split(':').collect();
        let ["arn", partition, "acm", "us-east-1", account, certificate] = parts.as_slice() else { return false };
        let id = certificate.strip_prefix("certificate/").unwrap_or_default();
        partition.starts_with("aws") && AccountId::try_from((*account).to_owned()).is_ok()
            && !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    }
);

text!(
    /// A repository on GitHub.
    Repository, "^[A-Za-z0-9]([A-Za-z0-9-]{0,37}[A-Za-z0-9])?/[A-Za-z0-9._-]{1,100}$", "a repository on GitHub, as owner and name",
    "example/baleen",
    |text| text.split_once('/').is_some_and(|(owner, name)| {
        owner.len() <= 39 && is_label(owner) && (1..=100).contains(&name.len())
            && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte))
    })
);

text!(
    /// A branch.
    Branch, "^[A-Za-z0-9._/-]{1,200}$", "the name of a branch: letters, digits, and `._/-`", "main",
    |text| (1..=200).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._/-".contains(&byte))
);

impl Branch {
    /// Takes a name that this program itself writes down.
    pub(super) fn literal(text: &str) -> Self {
        Self(text.to_owned())
    }
}

text!(
    /// A site that players are part of: scheme, host and port, as browsers name it.
    PlayerOrigin, "^(\\*|https?://[A-Za-z0-9.-]+(:[0-9]{1,5})?)$", "a site without a path, or `*` for all",
    "https://www.example.com",
    |text| {
        let host = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://")).unwrap_or_default();
        let (host, port) = host.split_once(':').unwrap_or((host, "443"));
        text == "*" || host.split('.').all(is_label) && port.parse::<u16>().is_ok()
    }
);

impl Suffix {
    /// Takes a suffix that this program itself writes down.
    pub(super) fn literal(text: &str) -> Self {
        Self(text.to_owned())
    }
}

impl Slug {
    /// Takes a part of a name that this program itself writes down.
    pub(super) fn literal(text: &str) -> Self {
        Self(text.to_owned())
    }
}

impl PlayerOrigin {
    /// Takes a site that this program itself writes down.
    pub(super) fn literal(text: &str) -> Self {
        Self(text.to_owned())
    }
}

/// One part of a host's name.
fn is_label(text: &str) -> bool {
    (1..=63).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
        && !text.starts_with('-')
        && !text.ends_with('-')
}

/// EC2's ids end with 17 hexadecimal digits; those from before 2016 with 8.
fn is_resource_id(text: &str, prefix: &str) -> bool {
    text.strip_prefix(prefix).is_some_and(|digits| {
        matches!(digits.len(), 8 | 17) && digits.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn accepts<T: TryFrom<String>>(text: &str) -> bool {
        T::try_from(text.to_owned()).is_ok()
    }

    #[test]
    fn shapes_are_held() {
        assert!(accepts::<AccountId>("000000000000"));
        assert!(!accepts::<AccountId>("12345678901"));
        assert!(!accepts::<AccountId>("12345678901a"));
        for region in ["ap-northeast-2", "us-gov-west-1", "eu-isoe-west-1"] {
            assert!(accepts::<Region>(region), "{region}");
        }
        for region in ["", "seoul", "ap-northeast2", "ap-northeast-22", "AP-northeast-2", "ap--2"] {
            assert!(!accepts::<Region>(region), "{region}");
        }
        assert!(accepts::<Suffix>(".MP4"));
        assert!(!accepts::<Suffix>("mp4"));
        assert!(!accepts::<Suffix>("."));
        assert!(accepts::<SubnetId>("subnet-0a1b2c3d"));
        assert!(!accepts::<SubnetId>("sg-0a1b2c3d"));
        for block in ["10.20.0.0/16", "192.168.3.0/24", "0.0.0.0/0"] {
            assert!(accepts::<AddressBlock>(block), "{block}");
        }
        for block in ["10.20.0.0", "10.20.1.0/16", "10.20.0.256/32", "10.20.0.0/33", "10.20.0.0/-1", "::/0"] {
            assert!(!accepts::<AddressBlock>(block), "{block}");
        }
        for name in ["/aws/service/ami", "image", "/baleen/dev.image-1"] {
            assert!(accepts::<ParameterName>(name), "{name}");
        }
        for name in ["", "/", "a//b", "a/", "{{resolve:x}}", "a b"] {
            assert!(!accepts::<ParameterName>(name), "{name}");
        }
        assert!(accepts::<Zone>("a") && !accepts::<Zone>("ab") && !accepts::<Zone>("A") && !accepts::<Zone>("i"));
        for origin in ["*", "https://www.example.com", "http://localhost:8080"] {
            assert!(accepts::<PlayerOrigin>(origin), "{origin}");
        }
        for origin in ["", "www.example.com", "https://", "https://example.com/", "https://-a.com", "https://a:x"] {
            assert!(!accepts::<PlayerOrigin>(origin), "{origin}");
        }
        assert!(accepts::<DomainName>("streams.example.com"));
        assert!(!accepts::<DomainName>("streams"));
        assert!(!accepts::<DomainName>("https://streams.example.com"));
        let certificate = "arn:aws:acm:us-east-1:111122223333:certificate/0a1b";
        assert!(accepts::<CertificateArn>(certificate));
        assert!(!accepts::<CertificateArn>(&certificate.replace("us-east-1", "ap-northeast-2")));
        assert!(accepts::<Repository>("example/baleen.rs") && accepts::<Branch>("release/1.0"));
        for repository in ["baleen", "example/", "/baleen", "-example/baleen", "example/a/b", "example/*"] {
            assert!(!accepts::<Repository>(repository), "{repository}");
        }
        assert!(!accepts::<Branch>("") && !accepts::<Branch>("*"));
        assert!(!accepts::<Slug>("2baleen"));
        assert!(!accepts::<Slug>(&"a".repeat(33)));
    }

    #[test]
    fn a_block_is_cut_into_sixteen() {
        let block = AddressBlock::try_from("10.20.0.0/16".to_owned()).unwrap();
        assert_eq!([0, 1, 15].map(|index| block.sixteenth(index)), ["10.20.0.0/20", "10.20.16.0/20", "10.20.240.0/20"]);
        let block = AddressBlock::try_from("192.168.7.0/24".to_owned()).unwrap();
        assert_eq!([1, 9].map(|index| block.sixteenth(index)), ["192.168.7.16/28", "192.168.7.144/28"]);
    }

    #[test]
    fn the_defaults_written_here_have_the_right_shape() {
        for suffix in super::super::Jobs::default().suffixes {
            assert!(accepts::<Suffix>(suffix.as_str()), "{suffix}");
        }
        assert!(accepts::<Slug>(super::super::baleen().as_str()));
    }
}
