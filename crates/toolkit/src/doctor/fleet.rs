//! Looks at what fleets want: images, quotas, instance types, service-linked roles.

use std::collections::{BTreeMap, BTreeSet};

use cloud::{Cloud, ErrorKind};

use super::Check;

/// A quota of vCPUs in EC2, by the code and the name that Service Quotas has for it ("Amazon EC2 instance type quotas" in the
/// EC2 user guide).
struct Quota {
    check: &'static str,
    code: &'static str,
    name: &'static str,
}

const SPOT: Quota = Quota { check: "Spot quota", code: "L-3819A6DF", name: "All G and VT Spot Instance Requests" };

const ON_DEMAND: Quota =
    Quota { check: "on-demand quota", code: "L-DB2E81BA", name: "Running On-Demand G and VT instances" };

/// What fleets want of an account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FleetWants {
    /// The image of the instances.
    pub image: WantedImage,
    /// The processors that it must be for, as EC2 calls them: `x86_64`.
    pub architecture: String,
    /// The instance types, the preferred one first; at least one.
    pub instance_types: Vec<WantedType>,
    /// The Availability Zones that they must be offered in; any of the region where there are none.
    pub zones: Vec<String>,
    /// A subnet that instances start in, where one is known.
    pub subnet: Option<String>,
    /// How many instances of one colour are Spot at most.
    pub spot_instances: u32,
    /// How many instances of one colour are on demand at most.
    pub on_demand_instances: u32,
    /// The service-linked roles that must be there before.
    pub roles: Vec<WantedRole>,
}

/// Where the id of an image is from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WantedImage {
    /// From the environment's file.
    Id(String),
    /// From a parameter of the Parameter Store.
    Parameter(String),
}

/// An instance type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WantedType {
    /// Its name, such as `g6e.xlarge`.
    pub name: String,
    /// How many vCPUs it has.
    pub vcpus: u32,
}

/// A service-linked role.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WantedRole {
    /// Its name.
    pub name: String,
    /// The service whose role it is, such as `spot.amazonaws.com`.
    pub service: String,
}

pub(super) async fn diagnose(wants: &FleetWants, region: &str, cloud: &Cloud) -> Vec<Check> {
    let (spot, on_demand, images, types, roles) = futures::join!(
        quota(&SPOT, wants.spot_instances, wants, region, cloud),
        quota(&ON_DEMAND, wants.on_demand_instances, wants, region, cloud),
        image(wants, cloud),
        instance_types(wants, region, cloud),
        futures::future::join_all(wants.roles.iter().map(|wanted| role(wanted, cloud))),
    );
    spot.into_iter().chain(on_demand).chain(images).chain([types]).chain(roles).collect()
}

/// Compares a quota with what a colour may come to have; nothing where it has no such instances.
async fn quota(quota: &Quota, instances: u32, wants: &FleetWants, region: &str, cloud: &Cloud) -> Option<Check> {
    let preferred = wants.instance_types.first().filter(|_| instances > 0)?;
    let Quota { check, code, name } = quota;
    let wanted = instances * preferred.vcpus;
    let request = format!("https://{region}.console.aws.amazon.com/servicequotas/home/services/ec2/quotas/{code}");
    let vcpus = match cloud.quotas.quota("ec2", code).await {
        Ok(Some(vcpus)) => vcpus,
        Ok(None) => return Some(Check::unknown(check, format!("there is no quota {code}, `{name}`"), Some(request))),
        Err(error) => return Some(Check::unanswered(check, &error)),
    };
    let enough = format!("`{name}` is {vcpus} vCPUs, and {instances} of {} take {wanted}", preferred.name);
    Some(if vcpus >= f64::from(wanted) {
        Check::good(check, enough)
    } else {
        let remedy = format!(
            "ask for {wanted} or more at {request}, twice that for two full colours at a swap; or lower \
             `fleet.instances.maximum`"
        );
        Check::bad(check, enough, remedy)
    })
}

/// Looks for the image, and whether the account may launch it.
async fn image(wants: &FleetWants, cloud: &Cloud) -> Vec<Check> {
    let mut checks = Vec::new();
    let id = match &wants.image {
        WantedImage::Id(id) => id.clone(),
        WantedImage::Parameter(name) => match cloud.parameters.get(name).await {
            Ok(Some(id)) => {
                checks.push(Check::good("image parameter", format!("{name} is {id}")));
                id
            }
            Ok(None) => {
                let remedy = format!(
                    "write the image's id there: `aws ssm put-parameter --name {name} --type String --value ami-…`"
                );
                return vec![Check::bad("image parameter", format!("there is no parameter {name}"), remedy)];
            }
            Err(error) => return vec![Check::unanswered("image parameter", &error)],
        },
    };
    let found = match cloud.instances.image(&id).await {
        Ok(Some(image)) => image,
        Ok(None) => {
            let remedy = "images belong to one region, and must be public, subscribed to, or shared with the account: \
                          correct the image of the environment";
            checks.push(Check::bad("image", format!("there is no image {id} here"), remedy));
            return checks;
        }
        Err(error) if error.kind == ErrorKind::Validation => {
            checks.push(Check::bad("image", error.to_string(), "correct the image of the environment"));
            return checks;
        }
        Err(error) => {
            checks.push(Check::unanswered("image", &error));
            return checks;
        }
    };
    let detail = format!("{id} ({}) is {} for {}", found.name, found.state, found.architecture);
    if found.state != "available" {
        checks.push(Check::bad("image", detail, "wait until it is available, or use another image"));
    } else if found.architecture != wants.architecture {
        let remedy = format!("use an image for {}, as the instance types are", wants.architecture);
        checks.push(Check::bad("image", detail, remedy));
    } else {
        checks.push(Check::good("image", detail));
        checks.extend(launch(&id, wants, cloud).await);
    }
    checks
}

/// Tries whether an instance may be launched, without launching it.
async fn launch(image: &str, wants: &FleetWants, cloud: &Cloud) -> Option<Check> {
    let preferred = &wants.instance_types.first()?.name;
    let error = match cloud.instances.may_launch(image, preferred, wants.subnet.as_deref()).await {
        Ok(()) => return Some(Check::good("launch", format!("{image} may be launched on {preferred}"))),
        Err(error) => error,
    };
    Some(match error.code.as_deref() {
        Some("OptInRequired") => {
            let remedy = "subscribe to the product in the AWS Marketplace, once for the account, at the address that the \
                          message names";
            Check::bad("launch", error.to_string(), remedy)
        }
        // The account has no default VPC. Whether it is subscribed, EC2 looks at later.
        Some("VPCIdNotSpecified" | "MissingInput") => {
            let remedy =
                "there is no default subnet to try it in; after the first deployment the fleet's own events tell";
            Check::unknown("launch", error.to_string(), Some(remedy.to_owned()))
        }
        _ if matches!(error.kind, ErrorKind::Validation | ErrorKind::Service) => {
            Check::bad("launch", error.to_string(), "correct what the message names")
        }
        _ => Check::unanswered("launch", &error),
    })
}

/// Looks whether the instance types are offered where the fleets are.
async fn instance_types(wants: &FleetWants, region: &str, cloud: &Cloud) -> Check {
    const NAME: &str = "instance types";
    let names: Vec<_> = wants.instance_types.iter().map(|wanted| wanted.name.clone()).collect();
    let offerings = match cloud.instances.offerings(&names).await {
        Ok(offerings) => offerings,
        Err(error) => return Check::unanswered(NAME, &error),
    };
    let is_wanted = |zone: &String| wants.zones.is_empty() || wants.zones.contains(zone);
    let mut zones: BTreeMap<&str, BTreeSet<&str>> = names.iter().map(|name| (name.as_str(), BTreeSet::new())).collect();
    for offering in offerings.iter().filter(|offering| is_wanted(&offering.zone)) {
        zones.entry(&offering.instance_type).or_default().insert(&offering.zone);
    }
    let letter = |zone: &&str| zone.strip_prefix(region).unwrap_or(zone).to_owned();
    let place = |zones: &BTreeSet<&str>| match zones.iter().map(letter).collect::<Vec<_>>().as_slice() {
        [] => "nowhere".to_owned(),
        letters => format!("in {}", letters.join(", ")),
    };
    let places = names.iter().map(|name| format!("{name} {}", place(&zones[name.as_str()])));
    let detail = places.collect::<Vec<_>>().join("; ");
    let empty: Vec<_> =
        wants.zones.iter().filter(|zone| zones.values().all(|zones| !zones.contains(zone.as_str()))).collect();
    if zones.values().all(BTreeSet::is_empty) {
        let remedy = "use instance types, or a region, that go together (`fleet.instances.types`)";
        Check::bad(NAME, format!("none is offered in {region}: {detail}"), remedy)
    } else if let [zone, ..] = empty.as_slice() {
        let remedy = "use other zones (`network.create.zones`), or more instance types";
        Check::bad(NAME, format!("none is offered in {zone}: {detail}"), remedy)
    } else {
        Check::good(NAME, detail)
    }
}

async fn role(wanted: &WantedRole, cloud: &Cloud) -> Check {
    let WantedRole { name, service } = wanted;
    match cloud.roles.exists(name).await {
        Ok(true) => Check::good("service-linked role", name),
        Ok(false) => {
            let remedy = format!(
                "create it, once for the account: `aws iam create-service-linked-role --aws-service-name {service}`"
            );
            Check::bad("service-linked role", format!("there is no {name}"), remedy)
        }
        Err(error) => Check::unanswered("service-linked role", &error),
    }
}
