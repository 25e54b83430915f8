//! What is seen of an account before anything is deployed to it.

use std::sync::Arc;

use async_trait::async_trait;
use cloud::instances::{Image, Instances, Offering};
use cloud::{Caller, Cloud, Error, ErrorKind, Identity, Parameters, Quotas, Result, Roles};
use toolkit::{Check, CheckOutcome, FleetWants, WantedImage, WantedRole, WantedType, Wants};

/// An account as the tests need it.
#[derive(Clone)]
struct Account {
    number: &'static str,
    /// The quota of vCPUs; `None` is one that may not be seen.
    vcpus: Option<f64>,
    parameter: Option<&'static str>,
    image: Option<(&'static str, &'static str)>,
    /// The code by which launching is refused.
    refusal: Option<&'static str>,
    zones: &'static [&'static str],
    has_roles: bool,
}

impl Default for Account {
    fn default() -> Self {
        Self {
            number: "111122223333",
            vcpus: Some(64.0),
            parameter: Some("ami-1"),
            image: Some(("available", "x86_64")),
            refusal: None,
            zones: &["eu-central-1a", "eu-central-1c"],
            has_roles: true,
        }
    }
}

#[async_trait]
impl Identity for Account {
    async fn caller(&self) -> Result<Caller> {
        let (account, arn) = (self.number.to_owned(), "arn:aws:iam::111122223333:user/someone".to_owned());
        Ok(Caller { account, arn })
    }
}

#[async_trait]
impl Quotas for Account {
    async fn quota(&self, service: &str, code: &str) -> Result<Option<f64>> {
        assert_eq!((service, code.len()), ("ec2", 10));
        let hidden = || Error::new(ErrorKind::AccessDenied, "servicequotas:GetServiceQuota", "no");
        self.vcpus.map(Some).ok_or_else(hidden)
    }
}

#[async_trait]
impl Parameters for Account {
    async fn get(&self, _name: &str) -> Result<Option<String>> {
        Ok(self.parameter.map(str::to_owned))
    }
}

#[async_trait]
impl Roles for Account {
    async fn exists(&self, _name: &str) -> Result<bool> {
        Ok(self.has_roles)
    }
}

#[async_trait]
impl Instances for Account {
    async fn image(&self, id: &str) -> Result<Option<Image>> {
        let image = |(state, architecture): (&str, &str)| Image {
            id: id.to_owned(),
            name: "Bluewhale".to_owned(),
            state: state.to_owned(),
            architecture: architecture.to_owned(),
        };
        Ok(self.image.map(image))
    }

    async fn offerings(&self, instance_types: &[String]) -> Result<Vec<Offering>> {
        let offering = |zone: &&str| Offering { instance_type: instance_types[0].clone(), zone: (*zone).to_owned() };
        Ok(self.zones.iter().map(offering).collect())
    }

    async fn may_launch(&self, image: &str, _instance_type: &str, _subnet: Option<&str>) -> Result<()> {
        let refused = |code: &str| Err(Error::new(ErrorKind::Service, "ec2:RunInstances", image).with_code(code));
        self.refusal.map_or(Ok(()), refused)
    }
}

fn wants() -> Wants {
    let wanted = |name: &str, vcpus| WantedType { name: name.to_owned(), vcpus };
    Wants {
        account: "111122223333".to_owned(),
        region: "eu-central-1".to_owned(),
        fleet: Some(FleetWants {
            image: WantedImage::Parameter("/baleen/prod/image".to_owned()),
            architecture: "x86_64".to_owned(),
            instance_types: vec![wanted("g6e.2xlarge", 8), wanted("g6e.xlarge", 4)],
            zones: vec!["eu-central-1a".to_owned(), "eu-central-1c".to_owned()],
            subnet: None,
            spot_instances: 8,
            on_demand_instances: 2,
            roles: vec![WantedRole {
                name: "AWSServiceRoleForAutoScaling".to_owned(),
                service: "autoscaling.amazonaws.com".to_owned(),
            }],
        }),
    }
}

async fn diagnose(account: Account) -> Vec<Check> {
    let account = Arc::new(account);
    let cloud = Cloud {
        identity: account.clone(),
        instances: account.clone(),
        parameters: account.clone(),
        quotas: account.clone(),
        roles: account,
        ..Cloud::absent("eu-central-1")
    };
    toolkit::diagnose(&wants(), &cloud).await
}

/// Of one thing that is looked at: how it is, and what to do.
async fn one(account: Account, name: &str) -> (CheckOutcome, String) {
    let checks = diagnose(account).await;
    let check = checks.iter().find(|check| check.name == name);
    let check = check.unwrap_or_else(|| panic!("no `{name}` in {checks:#?}"));
    (check.outcome, format!("{} → {}", check.detail, check.remedy.as_deref().unwrap_or("nothing")))
}

#[tokio::test]
async fn an_account_that_has_everything_is_good() {
    let checks = diagnose(Account::default()).await;
    let names: Vec<_> = checks.iter().map(|check| check.name.as_str()).collect();
    assert_eq!(
        names,
        [
            "credentials",
            "account",
            "Spot quota",
            "on-demand quota",
            "image parameter",
            "image",
            "launch",
            "instance types",
            "service-linked role",
        ]
    );
    let wrong: Vec<_> = checks.iter().filter(|check| check.outcome != CheckOutcome::Good).collect();
    assert_eq!(wrong, Vec::<&Check>::new());
}

#[tokio::test]
async fn another_account_is_not_looked_at() {
    let checks = diagnose(Account { number: "999999999999", ..Account::default() }).await;
    assert_eq!((checks.len(), checks[1].outcome), (2, CheckOutcome::Bad), "{checks:#?}");
}

#[tokio::test]
async fn what_lacks_is_said_with_what_to_do() {
    let account = Account::default;
    let cases = [
        (Account { vcpus: Some(63.0), ..account() }, "Spot quota", CheckOutcome::Bad, "ask for 64 or more"),
        (Account { vcpus: Some(64.0), ..account() }, "Spot quota", CheckOutcome::Good, "8 of g6e.2xlarge take 64"),
        (Account { vcpus: Some(0.0), ..account() }, "on-demand quota", CheckOutcome::Bad, "ask for 16 or more"),
        (Account { vcpus: None, ..account() }, "Spot quota", CheckOutcome::Unknown, "servicequotas:GetServiceQuota"),
        (
            Account { parameter: None, ..account() },
            "image parameter",
            CheckOutcome::Bad,
            "put-parameter --name /baleen/",
        ),
        (Account { image: None, ..account() }, "image", CheckOutcome::Bad, "belong to one region"),
        (Account { image: Some(("pending", "x86_64")), ..account() }, "image", CheckOutcome::Bad, "wait until"),
        (
            Account { image: Some(("available", "arm64")), ..account() },
            "image",
            CheckOutcome::Bad,
            "an image for x86_64",
        ),
        (Account { refusal: Some("OptInRequired"), ..account() }, "launch", CheckOutcome::Bad, "AWS Marketplace"),
        (
            Account { refusal: Some("VPCIdNotSpecified"), ..account() },
            "launch",
            CheckOutcome::Unknown,
            "default subnet",
        ),
        (Account { zones: &[], ..account() }, "instance types", CheckOutcome::Bad, "none is offered in eu-central-1:"),
        (
            Account { zones: &["eu-central-1a"], ..account() },
            "instance types",
            CheckOutcome::Bad,
            "none is offered in eu-central-1c: g6e.2xlarge in a; g6e.xlarge nowhere",
        ),
        (
            Account { has_roles: false, ..account() },
            "service-linked role",
            CheckOutcome::Bad,
            "create-service-linked-role",
        ),
    ];
    for (account, name, outcome, words) in cases {
        let (found, text) = one(account, name).await;
        assert_eq!(found, outcome, "{text}");
        assert!(text.contains(words), "`{words}` is not in `{text}`");
    }
}

#[tokio::test]
async fn without_credentials_nothing_else_is_asked() {
    let checks = toolkit::diagnose(&wants(), &Cloud::absent("eu-central-1")).await;
    assert_eq!((checks.len(), checks[0].outcome), (1, CheckOutcome::Unknown), "{checks:#?}");
}
