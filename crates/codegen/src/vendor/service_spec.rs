//! The metrics and the events of services, from the database that the CDK is made of: npm's `@aws-cdk/aws-service-spec`.
//!
//! The database has lists of entities, which are found by `$id`, and relations between them.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context as _, Result};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

/// What is taken from the database, in our own shape: what `metrics.rs` and `events.rs` of `crates/schemas` read.
#[derive(Debug, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct ServiceSpec {
    /// The metrics by namespace.
    pub metrics: BTreeMap<String, Value>,
    /// The events by source.
    pub events: BTreeMap<String, Value>,
}

impl ServiceSpec {
    /// Counts namespaces and sources.
    pub fn entries(&self) -> usize {
        self.metrics.len() + self.events.len()
    }
}

/// Reads the database of the unpacked package.
pub fn find(package: &Path) -> Result<ServiceSpec> {
    let packed = package.join("db.json.gz");
    super::python(&["-m", "gzip", "-d"], &[&packed])?;
    let text = std::fs::read(packed.with_extension("")).context("the package has no database")?;
    let database: Value = serde_json::from_slice(&text).context("the database is no JSON")?;
    let database = Database { entities: &database["schema"] };
    Ok(ServiceSpec { metrics: database.metrics()?, events: database.events()? })
}

struct Database<'d> {
    entities: &'d Value,
}

impl Database<'_> {
    fn metrics(&self) -> Result<BTreeMap<String, Value>> {
        let sets = self.by_id("dimensionSet")?;
        let mut namespaces: BTreeMap<String, BTreeMap<String, Metric>> = BTreeMap::new();
        for metric in self.entities("metric")? {
            let used = &self.entities["usesDimensionSet"]["forward"][text(&metric["$id"])?];
            let metrics = namespaces.entry(text(&metric["namespace"])?.to_owned()).or_default();
            let own = metrics.entry(text(&metric["name"])?.to_owned()).or_default();
            text(&metric["statistic"])?.clone_into(&mut own.statistic);
            for reference in used.as_array().into_iter().flatten() {
                let set = sets.get(text(&reference["$id"])?).context("a metric has dimensions that do not exist")?;
                let names = set["dimensions"].as_array().into_iter().flatten();
                let names =
                    names.map(|dimension| Ok(text(&dimension["name"])?.to_owned())).collect::<Result<Vec<_>>>()?;
                if !own.dimensions.contains(&names) {
                    own.dimensions.push(names);
                }
            }
            own.dimensions.sort();
        }
        namespaces.into_iter().map(|(name, metrics)| Ok((name, serde_json::to_value(metrics)?))).collect()
    }

    fn events(&self) -> Result<BTreeMap<String, Value>> {
        let types = self.by_id("eventTypeDefinition")?;
        let mut sources: BTreeMap<String, Events> = BTreeMap::new();
        for event in self.entities("event")? {
            let source = sources.entry(text(&event["source"])?.to_owned()).or_default();
            let id = text(&event["rootProperty"]["$ref"])?;
            let detail = source.refer(id, &types)?;
            source.details.insert(text(&event["detailType"])?.to_owned(), detail);
        }
        let shaped = sources
            .into_iter()
            .map(|(name, Events { details, types })| (name, json!({"details": details, "types": types})));
        Ok(shaped.collect())
    }

    fn entities(&self, kind: &str) -> Result<&Vec<Value>> {
        self.entities[kind]["entities"].as_array().with_context(|| format!("the database has no `{kind}`"))
    }

    fn by_id(&self, kind: &str) -> Result<BTreeMap<&str, &Value>> {
        self.entities(kind)?.iter().map(|entity| Ok((text(&entity["$id"])?, entity))).collect()
    }
}

#[derive(Default, Serialize)]
struct Metric {
    statistic: String,
    dimensions: Vec<Vec<String>>,
}

/// The events of a source: a schema for each detail type, and what these refer to, by the number of the database.
#[derive(Default)]
struct Events {
    details: BTreeMap<String, Value>,
    types: BTreeMap<String, Value>,
}

impl Events {
    /// Gives a reference to a type, which is taken along, and what it refers to as well.
    fn refer(&mut self, id: &str, all: &BTreeMap<&str, &Value>) -> Result<Value> {
        if !self.types.contains_key(id) {
            // A type may refer to itself.
            self.types.insert(id.to_owned(), Value::Null);
            let definition = all.get(id).with_context(|| format!("there is no type `{id}`"))?;
            let mut properties = Map::new();
            let mut required = Vec::new();
            for (name, property) in definition["properties"].as_object().into_iter().flatten() {
                properties.insert(name.clone(), self.schema(&property["type"], all)?);
                if property["required"] == true {
                    required.push(name.as_str());
                }
            }
            let mut schema = json!({"type": "object", "properties": properties});
            if !required.is_empty() {
                schema["required"] = json!(required);
            }
            self.types.insert(id.to_owned(), schema);
        }
        Ok(json!({"$ref": format!("#/types/{id}")}))
    }

    fn schema(&mut self, of: &Value, all: &BTreeMap<&str, &Value>) -> Result<Value> {
        Ok(match text(&of["type"])? {
            "ref" => self.refer(text(&of["reference"]["$ref"])?, all)?,
            "array" => json!({"type": "array", "items": self.schema(&of["element"], all)?}),
            "map" => json!({"type": "object", "additionalProperties": self.schema(&of["element"], all)?}),
            "union" => {
                let types = of["types"].as_array().into_iter().flatten();
                json!({"anyOf": types.map(|one| self.schema(one, all)).collect::<Result<Vec<_>>>()?})
            }
            "json" => json!({}),
            scalar @ ("string" | "number" | "integer" | "boolean") => json!({ "type": scalar }),
            other => anyhow::bail!("the type `{other}` of an event is unknown"),
        })
    }
}

fn text(value: &Value) -> Result<&str> {
    value.as_str().with_context(|| format!("`{value}` is no text"))
}
