use serde::Serialize;
use serde_json::Value;

use super::Error;

/// A command document, as a template declares it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Document {
    /// Its name in the template.
    pub logical_id: String,
    /// Its name in Systems Manager, where it is known.
    pub name: Option<String>,
    /// What it does.
    pub description: String,
    /// Its parameters, in the order in which they are declared.
    pub parameters: Vec<Parameter>,
}

/// A parameter of a document.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Parameter {
    /// Its name.
    pub name: String,
    /// Its type, such as `String` or `StringList`.
    #[serde(rename = "type")]
    pub kind: String,
    /// What it is.
    pub description: String,
    /// What is taken where no value is given; without it, one has to be given.
    pub default: Option<Value>,
    /// The pattern that a value has to match.
    pub allowed_pattern: Option<String>,
    /// The values that are allowed; empty for any.
    pub allowed_values: Vec<String>,
    /// How many characters a value has at least.
    pub min_chars: Option<usize>,
    /// How many characters a value has at most.
    pub max_chars: Option<usize>,
    /// Whether it is an object's key, which the document wants as base64url: [`values`](super::values) encodes it.
    pub is_encoded_key: bool,
    /// Whether the script gets it as an environment variable, which old SSM agents do not set.
    pub is_variable: bool,
}

impl Document {
    /// Says whether only SSM agents that hand on parameters as environment variables can run it.
    pub fn needs_variables(&self) -> bool {
        self.parameters.iter().any(|parameter| parameter.is_variable)
    }

    /// Says whether a user means this document: by its name in the template, in upper or lower case and with or without
    /// hyphens, or by its name in Systems Manager.
    fn is_meant_by(&self, given: &str) -> bool {
        self.name.as_deref() == Some(given) || plain(&self.logical_id) == plain(given)
    }
}

fn plain(name: &str) -> String {
    name.replace('-', "").to_lowercase()
}

/// Finds the document that a user means.
pub fn find<'a>(documents: &'a [Document], given: &str) -> Result<&'a Document, Error> {
    documents.iter().find(|document| document.is_meant_by(given)).ok_or_else(|| Error::UnknownDocument {
        given: given.to_owned(),
        known: documents.iter().map(|document| document.logical_id.clone()).collect(),
    })
}

/// Lists the command documents of a template, in the template's order. What is written as a function, and not as a plain
/// value, is left out: Systems Manager knows it, and checks it.
pub fn documents(template: &Value) -> Vec<Document> {
    let resources = template["Resources"].as_object().into_iter().flatten();
    let documents = resources.filter(|(_, resource)| {
        let properties = &resource["Properties"];
        resource["Type"] == "AWS::SSM::Document"
            && properties["DocumentType"].as_str().unwrap_or("Command") == "Command"
    });
    documents.map(|(logical_id, resource)| document(logical_id, &resource["Properties"])).collect()
}

fn document(logical_id: &str, properties: &Value) -> Document {
    let content = &properties["Content"];
    let parameters = content["parameters"].as_object().into_iter().flatten();
    Document {
        logical_id: logical_id.to_owned(),
        name: properties["Name"].as_str().map(str::to_owned),
        description: text(&content["description"]),
        parameters: parameters.map(|(name, parameter)| self::parameter(name, parameter)).collect(),
    }
}

fn parameter(name: &str, declared: &Value) -> Parameter {
    let description = text(&declared["description"]);
    let characters = |limit: &str| declared[limit].as_u64().and_then(|count| usize::try_from(count).ok());
    let allowed = declared["allowedValues"].as_array().into_iter().flatten();
    Parameter {
        name: name.to_owned(),
        kind: text(&declared["type"]),
        // The documents say so where people read it, too.
        is_encoded_key: name.ends_with("Key") && description.contains("base64url"),
        description,
        default: declared.get("default").cloned(),
        allowed_pattern: declared["allowedPattern"].as_str().map(str::to_owned),
        allowed_values: allowed.filter_map(Value::as_str).map(str::to_owned).collect(),
        min_chars: characters("minChars"),
        max_chars: characters("maxChars"),
        is_variable: declared["interpolationType"] == "ENV_VAR",
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}
