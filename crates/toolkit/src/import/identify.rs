//! Which resource is meant.

use std::collections::BTreeMap;

use tree::Tree;

use super::problem::ImportProblem;

/// Reads what identifies a resource: a value, or `Name=value,…` where it takes several.
pub(super) fn identify(resource: &Tree, given: &str) -> Result<BTreeMap<String, String>, ImportProblem> {
    let resource_type = resource.get("Type").and_then(Tree::as_str).unwrap_or_default().to_owned();
    let schema = schemas::schema(&resource_type).filter(|schema| {
        let reads = schema.value().get("handlers").and_then(|handlers| handlers.get("read"));
        reads.is_some() && schema.primary_identifier().next().is_some()
    });
    let Some(schema) = schema else { return Err(ImportProblem::NotImportable { resource_type }) };
    let properties: Vec<String> = schema.primary_identifier().map(|path| path.replace('/', ".")).collect();
    let Some(identifier) = read(&properties, given) else {
        return Err(ImportProblem::Identifier { resource_type, properties, given: given.to_owned() });
    };
    for (property, given) in &identifier {
        let declared = resource.find(["Properties", property]).and_then(Tree::as_str);
        if let Some(declared) = declared.filter(|declared| declared != given) {
            return Err(ImportProblem::OtherName {
                property: property.clone(),
                declared: declared.to_owned(),
                given: given.clone(),
            });
        }
    }
    Ok(identifier)
}

fn read(properties: &[String], given: &str) -> Option<BTreeMap<String, String>> {
    if let [property] = properties {
        let value = given.strip_prefix(property.as_str()).and_then(|rest| rest.strip_prefix('=')).unwrap_or(given);
        return (!value.is_empty()).then(|| BTreeMap::from([(property.clone(), value.to_owned())]));
    }
    let pairs: Option<BTreeMap<String, String>> = given
        .split(',')
        .map(|pair| pair.split_once('=').map(|(name, value)| (name.trim().to_owned(), value.to_owned())))
        .collect();
    let pairs = pairs?;
    let fits = pairs.len() == properties.len()
        && properties.iter().all(|name| pairs.get(name).is_some_and(|value| !value.is_empty()));
    fits.then_some(pairs)
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use tree::Origin;

    use super::*;

    fn identified(resource_type: &str, given: &str) -> Result<BTreeMap<String, String>, ImportProblem> {
        let resource = json!({ "Type": resource_type, "Properties": { "BucketName": "films" } });
        identify(&Tree::from_json(resource, Origin::Unknown), given)
    }

    fn pairs<const N: usize>(pairs: [(&str, &str); N]) -> BTreeMap<String, String> {
        pairs.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
    }

    #[test]
    fn one_value_is_enough_where_one_property_identifies() {
        for given in ["films", "BucketName=films"] {
            assert_eq!(identified("AWS::S3::Bucket", given), Ok(pairs([("BucketName", "films")])));
        }
        let queue = "https://sqs.eu-central-1.amazonaws.com/111122223333/a=b,c";
        assert_eq!(identified("AWS::SQS::Queue", queue), Ok(pairs([("QueueUrl", queue)])));
    }

    #[test]
    fn every_property_is_named_where_several_identify() {
        let two = pairs([("ApiId", "a"), ("StageName", "b=c")]);
        assert_eq!(identified("AWS::ApiGatewayV2::Integration", "ApiId=a,IntegrationId=b=c"), {
            let _ = two;
            Ok(pairs([("ApiId", "a"), ("IntegrationId", "b=c")]))
        });
        for given in ["a", "ApiId=a", "ApiId=a,IntegrationId=", "ApiId=a,Other=b", ""] {
            let refused = identified("AWS::ApiGatewayV2::Integration", given);
            assert!(matches!(refused, Err(ImportProblem::Identifier { .. })), "{given}: {refused:?}");
        }
    }

    #[test]
    fn the_template_and_the_resource_agree_on_its_name() {
        let other = ImportProblem::OtherName {
            property: "BucketName".to_owned(),
            declared: "films".to_owned(),
            given: "series".to_owned(),
        };
        assert_eq!(identified("AWS::S3::Bucket", "series"), Err(other));
    }

    #[test]
    fn what_cannot_be_read_cannot_be_taken_over() {
        for resource_type in ["Custom::Thing", "AWS::CloudFormation::CustomResource"] {
            let refused = identified(resource_type, "x");
            assert_eq!(refused, Err(ImportProblem::NotImportable { resource_type: resource_type.to_owned() }));
        }
    }
}
