//! What changes in the monthly cost, as far as it does not depend on use and a price is known.

use std::collections::BTreeMap;
use std::fmt;
use std::ops::Sub;

use serde::Deserialize;
use tree::Tree;

use crate::Template;

/// A table of prices, such as `assets/prices.json`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Prices {
    /// The month in which the prices were valid, such as `2026-06`.
    pub as_of: String,
    /// What the prices contain and what they do not.
    pub note: String,
    /// How many hours a month is reckoned to have.
    pub hours_per_month: f64,
    /// The prices.
    pub prices: Vec<Price>,
}

/// The price of one kind of thing.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Price {
    /// The resource type.
    #[serde(rename = "type")]
    pub resource_type: String,
    /// The kind of it, such as the instance type, where the price depends on that.
    pub variant: Option<String>,
    /// What is paid for.
    pub what: String,
    /// For how long.
    pub per: Unit,
    /// US dollars by region; `*` is every region.
    pub dollars: BTreeMap<String, f64>,
    /// The page that gives the price.
    pub source: String,
}

/// The time that a price is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Unit {
    /// An hour.
    Hour,
    /// A month.
    Month,
}

/// US dollars, in cents.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Money(pub i64);

/// What changes in the monthly cost.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Estimate {
    /// What is paid for it before, where prices are known.
    pub was: Money,
    /// What is paid for it afterwards, where prices are known.
    pub now: Money,
    /// The resources whose cost changes.
    pub lines: Vec<Line>,
    /// The types that are paid for by the hour or month and have no known price in the region.
    pub unknown: Vec<String>,
    /// What the prices contain, and when they were valid.
    pub basis: String,
}

/// A resource whose cost changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// The stack.
    pub stack: String,
    /// The logical id.
    pub resource: String,
    /// What is paid for.
    pub what: String,
    /// The monthly cost before.
    pub was: Money,
    /// The monthly cost afterwards.
    pub now: Money,
}

/// What a resource costs.
struct Cost<'p> {
    what: &'p str,
    money: Money,
}

/// Compares what two sets of templates cost a month in a region.
///
/// Resources are taken to be there whatever their conditions say: the change, not the sum, is what is asked for.
pub fn estimate(prices: &Prices, region: &str, old: &[Template<'_>], new: &[Template<'_>]) -> Estimate {
    let mut unknown = Vec::new();
    let (old, new) = (costs(prices, region, old, &mut unknown), costs(prices, region, new, &mut unknown));
    let mut estimate = Estimate { basis: format!("{}; as of {}", prices.note, prices.as_of), ..Estimate::default() };
    let keys: std::collections::BTreeSet<_> = old.keys().chain(new.keys()).collect();
    for key in keys {
        let (before, after) = (old.get(key), new.get(key));
        let money = |cost: Option<&Cost<'_>>| cost.map_or(Money(0), |cost| cost.money);
        let (was, now) = (money(before), money(after));
        estimate.was.0 += was.0;
        estimate.now.0 += now.0;
        if was != now {
            let what = after.or(before).map_or("", |cost| cost.what).to_owned();
            estimate.lines.push(Line { stack: key.0.to_owned(), resource: key.1.to_owned(), what, was, now });
        }
    }
    unknown.sort();
    unknown.dedup();
    estimate.unknown = unknown;
    estimate
}

fn costs<'t>(
    prices: &'t Prices,
    region: &str,
    templates: &[Template<'t>],
    unknown: &mut Vec<String>,
) -> BTreeMap<(&'t str, &'t str), Cost<'t>> {
    let mut costs = BTreeMap::new();
    for template in templates {
        let resources = template.tree.get("Resources").and_then(Tree::as_map);
        for entry in resources.into_iter().flatten() {
            let Some(resource_type) = entry.value.get("Type").and_then(Tree::as_str) else { continue };
            if !prices.prices.iter().any(|price| price.resource_type == resource_type) {
                continue;
            }
            let Some((variant, quantity)) = paid_for(resource_type, entry.value.get("Properties")) else { continue };
            if let Some(cost) = cost(prices, region, resource_type, variant, quantity) {
                costs.insert((template.name, entry.key.as_str()), cost);
            } else {
                unknown.push(
                    variant.map_or_else(|| resource_type.to_owned(), |variant| format!("{resource_type} {variant}")),
                );
            }
        }
    }
    costs
}

/// Says which kind and how many of them a resource is paid for; nothing if it costs nothing by itself.
fn paid_for<'t>(resource_type: &str, properties: Option<&'t Tree>) -> Option<(Option<&'t str>, usize)> {
    let property = |name| properties.and_then(|properties| properties.get(name));
    let count = |name| property(name).and_then(Tree::as_list).map_or(1, <[Tree]>::len);
    match resource_type {
        // An interface has an address in each subnet; gateways for S3 and DynamoDB are free.
        "AWS::EC2::VPCEndpoint" => {
            (property("VpcEndpointType")?.as_str()? == "Interface").then(|| (None, count("SubnetIds")))
        }
        "AWS::EC2::Instance" => Some((property("InstanceType")?.as_str(), 1)),
        "AWS::CloudWatch::Alarm" => {
            let metrics = property("Metrics").and_then(Tree::as_list).unwrap_or_default();
            // Expressions are free, the metrics that they read are not.
            Some((None, metrics.iter().filter(|metric| metric.get("MetricStat").is_some()).count().max(1)))
        }
        _ => Some((None, 1)),
    }
}

fn cost<'p>(
    prices: &'p Prices,
    region: &str,
    resource_type: &str,
    variant: Option<&str>,
    quantity: usize,
) -> Option<Cost<'p>> {
    let mut own = prices.prices.iter().filter(|price| price.resource_type == resource_type);
    let price = own.find(|price| price.variant.as_deref() == variant)?;
    let dollars = price.dollars.get(region).or_else(|| price.dollars.get("*"))?;
    let times = match price.per {
        Unit::Hour => prices.hours_per_month,
        Unit::Month => 1.0,
    };
    #[expect(clippy::cast_precision_loss, reason = "no resource has 2^52 parts")]
    let dollars = dollars * times * quantity as f64;
    Some(Cost { what: &price.what, money: Money::of_dollars(dollars) })
}

impl Money {
    /// Rounds dollars to cents.
    pub fn of_dollars(dollars: f64) -> Self {
        #[expect(clippy::cast_possible_truncation, reason = "`as` stops at the largest number, which no bill reaches")]
        Self((dollars * 100.0).round() as i64)
    }
}

impl Sub for Money {
    type Output = Self;

    fn sub(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }
}

/// `$1234.50`, `-$0.10`
impl fmt::Display for Money {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.0 < 0 { "-" } else { "" };
        let cents = self.0.unsigned_abs();
        write!(formatter, "{sign}${}.{:02}", cents / 100, cents % 100)
    }
}

impl Estimate {
    /// Writes the change with its sign, such as `+$43.07`.
    pub fn difference(&self) -> String {
        let difference = self.now - self.was;
        if difference.0 > 0 { format!("+{difference}") } else { difference.to_string() }
    }

    /// Says what the figures are worth.
    pub fn note(&self) -> String {
        let mut note = format!("{} a month: {} → {}; {}", self.difference(), self.was, self.now, self.basis);
        if !self.unknown.is_empty() {
            note.push_str("; no price is known here of ");
            note.push_str(&self.unknown.join(", "));
        }
        note
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use tree::Origin;

    use super::*;

    fn prices() -> Prices {
        serde_json::from_value(json!({
            "as_of": "2026-06", "note": "list prices", "hours_per_month": 730,
            "prices": [
                {"type": "AWS::EC2::VPCEndpoint", "what": "endpoint", "per": "hour", "dollars": {"here": 0.01}, "source": ""},
                {"type": "AWS::KMS::Key", "what": "key", "per": "month", "dollars": {"*": 1}, "source": ""},
                {"type": "AWS::EC2::Instance", "variant": "a.large", "what": "a.large", "per": "hour", "dollars": {"here": 2}, "source": ""},
            ]
        }))
        .expect("a table")
    }

    fn difference(region: &str, old: serde_json::Value, new: serde_json::Value) -> Estimate {
        let [old, new] = [old, new].map(|resources| Tree::from_json(json!({"Resources": resources}), Origin::Unknown));
        let template = |tree| [Template { name: "stack", tree }];
        estimate(&prices(), region, &template(&old), &template(&new))
    }

    #[test]
    fn only_what_changes_is_listed_and_the_sum_is_of_all() {
        let endpoint = |subnets: &[&str]| json!({"Type": "AWS::EC2::VPCEndpoint", "Properties": {"VpcEndpointType": "Interface", "SubnetIds": subnets}});
        let key = json!({"Type": "AWS::KMS::Key"});
        let old = json!({"Logs": endpoint(&["a", "b"]), "Key": key});
        let new = json!({"Logs": endpoint(&["a", "b", "c"]), "Key": key});
        let estimate = difference("here", old, new);
        assert_eq!((estimate.was, estimate.now), (Money(1560), Money(2290)));
        let line = Line {
            stack: "stack".into(),
            resource: "Logs".into(),
            what: "endpoint".into(),
            was: Money(1460),
            now: Money(2190),
        };
        assert_eq!(estimate.lines, [line]);
        assert_eq!(estimate.difference(), "+$7.30");
    }

    #[test]
    fn gateways_are_free_and_unknown_prices_are_said() {
        let gateway = json!({"Type": "AWS::EC2::VPCEndpoint", "Properties": {"VpcEndpointType": "Gateway"}});
        let instance = json!({"Type": "AWS::EC2::Instance", "Properties": {"InstanceType": "b.large"}});
        let estimate = difference("here", json!({}), json!({"S3": gateway, "One": instance}));
        assert_eq!(
            (estimate.now, estimate.unknown.as_slice()),
            (Money(0), ["AWS::EC2::Instance b.large".to_owned()].as_slice())
        );
        let endpoint = json!({"Type": "AWS::EC2::VPCEndpoint", "Properties": {"VpcEndpointType": "Interface"}});
        assert_eq!(difference("there", json!({}), json!({"Logs": endpoint})).unknown, ["AWS::EC2::VPCEndpoint"]);
    }

    #[test]
    fn money_is_written_with_cents() {
        assert_eq!(Money(-5).to_string(), "-$0.05");
        assert_eq!(Money::of_dollars(0.1 + 0.2), Money(30));
    }
}
