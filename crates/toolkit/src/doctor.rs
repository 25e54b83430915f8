//! Looks at an account before anything is deployed to it: what would make a deployment fail, or leave its fleets empty.
//!
//! Nothing is changed, and nothing is launched. Whoever asks needs `servicequotas:GetServiceQuota`,
//! `servicequotas:GetAWSDefaultServiceQuota`, `ssm:GetParameter`, `ec2:DescribeImages`, `ec2:DescribeInstanceTypeOfferings`,
//! `ec2:RunInstances` and `iam:GetRole`; what lacks is said to be unknown.

mod fleet;

use cloud::{Cloud, Error, ErrorKind};
use serde::Serialize;

pub use fleet::{FleetWants, WantedImage, WantedRole, WantedType};

/// What an environment wants of its account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wants {
    /// The account, 12 digits.
    pub account: String,
    /// The region.
    pub region: String,
    /// What its fleets want; `None` where there are no instances.
    pub fleet: Option<FleetWants>,
}

/// Something that was looked at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Check {
    /// What: `credentials`, `image`.
    pub name: String,
    /// How it is.
    pub outcome: CheckOutcome,
    /// What was found.
    pub detail: String,
    /// What to do, where something is to be done.
    pub remedy: Option<String>,
}

/// How something is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum CheckOutcome {
    /// As it has to be.
    Good,
    /// Not as it has to be.
    Bad,
    /// That could not be told.
    Unknown,
}

impl Check {
    /// Says that something is as it has to be.
    pub fn good(name: &str, detail: impl Into<String>) -> Self {
        Self { name: name.to_owned(), outcome: CheckOutcome::Good, detail: detail.into(), remedy: None }
    }

    /// Says that something is not as it has to be, and what to do.
    pub fn bad(name: &str, detail: impl Into<String>, remedy: impl Into<String>) -> Self {
        let remedy = Some(remedy.into());
        Self { name: name.to_owned(), outcome: CheckOutcome::Bad, detail: detail.into(), remedy }
    }

    /// Says that something could not be told, and what would help.
    pub fn unknown(name: &str, detail: impl Into<String>, remedy: Option<String>) -> Self {
        Self { name: name.to_owned(), outcome: CheckOutcome::Unknown, detail: detail.into(), remedy }
    }

    /// Says that a question was not answered.
    fn unanswered(name: &str, error: &Error) -> Self {
        let remedy = match error.kind {
            ErrorKind::AccessDenied => Some(format!("allow `{}` to see it", error.operation)),
            ErrorKind::Unreachable | ErrorKind::Timeout => Some("check the network".to_owned()),
            _ => None,
        };
        Self::unknown(name, error.to_string(), remedy)
    }
}

/// Looks at the account; if the credentials are not good, at nothing else.
pub async fn diagnose(wants: &Wants, cloud: &Cloud) -> Vec<Check> {
    let caller = match cloud.identity.caller().await {
        Ok(caller) => caller,
        Err(error) if matches!(error.kind, ErrorKind::Credentials | ErrorKind::AccessDenied) => {
            let remedy = "sign in (`aws sso login`), or set AWS_PROFILE";
            return vec![Check::bad("credentials", error.to_string(), remedy)];
        }
        Err(error) => return vec![Check::unanswered("credentials", &error)],
    };
    let mut checks = vec![Check::good("credentials", caller.arn.clone())];
    if caller.account != wants.account {
        let detail = format!("the credentials are of account {}, not {}", caller.account, wants.account);
        let remedy = "use credentials of that account (AWS_PROFILE), or correct `account` in the environment's file";
        checks.push(Check::bad("account", detail, remedy));
        return checks;
    }
    checks.push(Check::good("account", format!("{} in {}", wants.account, wants.region)));
    if let Some(fleet) = &wants.fleet {
        checks.extend(fleet::diagnose(fleet, &wants.region, cloud).await);
    }
    checks
}
