//! What a reference gives, where a property wants the id or the ARN of a certain kind of thing.

use schemas::{Json, Schema};
use tree::Tree;

use super::format::described;
use super::{Fault, Keyword, REFERENCE, Validation};
use crate::attributes;
use crate::place::Place;
use crate::words::quoted;

/// Resources whose attributes are what others make of them.
const OPEN: [&str; 4] = [
    "AWS::CloudFormation::CustomResource",
    "AWS::CloudFormation::Stack",
    "AWS::SSM::Parameter",
    "AWS::ServiceCatalog::CloudFormationProvisionedProduct",
];

impl Validation<'_, '_> {
    /// Checks that a reference to a resource of the template gives what the format of a property asks for.
    ///
    /// After cfn-lint's rules E1040 and E1041 (MIT-0), whose formats the schemas have.
    pub(super) fn flow(&self, function: &str, argument: &Tree, schema: Keyword, place: &Place<'_>) -> Option<Fault> {
        let wanted = schema.get("format")?.as_str()?;
        let what = described(wanted)?;
        let (id, formats) = match function {
            "Ref" => (argument.as_str()?, self.of_ref(argument.as_str()?)?),
            "Fn::GetAtt" => {
                let (id, name) = attributes::literal(argument)?;
                (id, self.of_attribute(id, name)?)
            }
            _ => return None,
        };
        if formats.contains(&wanted) {
            return None;
        }
        let gives = formats.iter().find_map(|format| described(format)).unwrap_or("something else");
        let must = format!("be {what}");
        let message = format!("`{}` must {must}, but `{function}` of {} gives {gives}", self.named(place), quoted(id));
        Some(Fault { finding: REFERENCE.at(place, message), must: Some(must), weight: super::MISTYPED })
    }

    fn type_of(&self, id: &str) -> Option<(&str, Schema)> {
        let type_name = self.outline.resources.get(id)?.type_name?;
        let is_open = OPEN.contains(&type_name) || type_name.starts_with("AWS::Serverless::");
        Some((type_name, schemas::schema(type_name)?)).filter(|_| !is_open)
    }

    /// Lists the formats of what `Ref` gives.
    fn of_ref(&self, id: &str) -> Option<Vec<&'static str>> {
        let (type_name, schema) = self.type_of(id)?;
        if type_name == "AWS::EC2::SecurityGroup" {
            // Outside of a VPC, which only the oldest accounts have, it is the name.
            let resource = self.outline.resources.get(id)?.tree.find(["Properties", "VpcId"]);
            return Some(vec![if resource.is_some() {
                "AWS::EC2::SecurityGroup.Id"
            } else {
                "AWS::EC2::SecurityGroup.Name"
            }]);
        }
        let mut identifiers = schema.primary_identifier();
        match (identifiers.next(), identifiers.next()) {
            (Some(path), None) => Some(formats(schema, schema.at(path)?)),
            _ => None,
        }
    }

    fn of_attribute(&self, id: &str, name: &str) -> Option<Vec<&'static str>> {
        let (_, schema) = self.type_of(id)?;
        Some(formats(schema, schema.at(&name.replace('.', "/"))?))
    }
}

/// Lists the formats that a property can have.
fn formats(schema: Schema, property: Json<'static>) -> Vec<&'static str> {
    let property = schema.resolve(property);
    let format = |schema: Json<'static>| schema.get("format").and_then(Json::as_str);
    let options = property.get("anyOf").and_then(Json::as_array);
    format(property).into_iter().chain(options.into_iter().flatten().filter_map(format)).collect()
}
