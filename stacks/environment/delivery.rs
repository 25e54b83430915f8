//! How streams reach viewers.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::rules::Problem;
use super::text::{CertificateArn, DomainName, PlayerOrigin};

/// How streams reach viewers: by CloudFront, which alone reads the bucket of streams.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Delivery {
    /// A domain name of your own, whose DNS record you make; CloudFront's own name where absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub domain: Option<Domain>,
    /// The sites whose players may play the streams; `*` stands for all.
    #[schemars(length(min = 1))]
    pub player_origins: Vec<PlayerOrigin>,
    /// Where CloudFront keeps copies; fewer places cost less.
    pub places: Places,
}

/// A domain name, and the certificate that proves it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Domain {
    /// The name.
    pub name: DomainName,
    /// Its certificate in Certificate Manager, in region us-east-1: CloudFront takes none of another region.
    pub certificate: CertificateArn,
}

/// Where CloudFront keeps copies: its price classes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Places {
    /// North America, Europe and Israel.
    Fewest,
    /// Those, and Asia, Africa and the Middle East.
    Most,
    /// Everywhere, South America and Oceania too.
    #[default]
    All,
}

impl Delivery {
    /// Collects what is wrong with the section.
    pub(super) fn problems(&self, problems: &mut Vec<Problem>) {
        if self.player_origins.is_empty() {
            let message = "delivery.player_origins must name at least one site, or `*` for all".into();
            problems.push(Problem { keys: vec!["delivery.player_origins", "delivery"], message, hint: None });
        }
    }
}

impl Default for Delivery {
    fn default() -> Self {
        Self { domain: None, player_origins: vec![PlayerOrigin::literal("*")], places: Places::default() }
    }
}
