//! That MediaConvert's service model becomes good types, and that checks see into the settings.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use codegen::model::{Item, Structure};
use codegen::output::Inputs;
use codegen::service::{self, Decisions};
use codegen::slot::Slot;
use serde_json::{Value, json};

fn root() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."))
}

fn structures(items: &BTreeMap<String, Item>) -> impl Iterator<Item = &Structure> {
    items.values().filter_map(|item| match item {
        Item::Structure(structure) => Some(structure),
        Item::Enumeration(_) => None,
    })
}

#[test]
fn every_shape_becomes_a_type_whose_names_are_good() {
    let settings = Inputs::read(root()).unwrap().settings().unwrap();
    for structure in structures(&settings.items) {
        let union = structure.union.iter().flat_map(|union| &union.choices).map(|choice| choice.constructor.as_str());
        let methods: Vec<&str> = structure
            .required
            .iter()
            .chain(&structure.optional)
            .map(|property| property.setter.as_str())
            .chain(union)
            .chain(["raw"])
            .collect();
        let distinct: BTreeSet<&str> = methods.iter().copied().collect();
        assert_eq!(methods.len(), distinct.len(), "{} {methods:?}", structure.name);
        for slot in structure.required.iter().chain(&structure.optional).map(|property| &property.slot) {
            assert_ne!(*slot, Slot::Json, "{}: every shape is known", structure.name);
        }
    }
    for item in settings.items.values() {
        let Item::Enumeration(values) = item else { continue };
        let distinct: BTreeSet<&String> = values.variants.iter().map(|(variant, _)| variant).collect();
        assert_eq!(distinct.len(), values.variants.len(), "{}", values.name);
    }
}

/// A newer model may add a union, or break one: then look at what its constructors are called.
#[test]
fn the_unions_are_those_that_were_reviewed() {
    let settings = Inputs::read(root()).unwrap().settings().unwrap();
    let unions: BTreeMap<&str, &str> = structures(&settings.items)
        .filter_map(|structure| Some((structure.name.as_str(), structure.union.as_ref()?.by.name.as_str())))
        .collect();
    let reviewed = BTreeMap::from([
        ("AudioCodecSettings", "Codec"),
        ("AutomatedAbrRule", "Type"),
        ("CaptionDestinationSettings", "DestinationType"),
        ("ContainerSettings", "Container"),
        ("OutputGroupSettings", "Type"),
        ("VideoCodecSettings", "Codec"),
        ("XavcSettings", "Profile"),
    ]);
    assert_eq!(unions, reviewed);
}

#[test]
fn the_same_model_gives_the_same_sources() {
    let types = ["AWS::MediaConvert::JobTemplate", "AWS::MediaConvert::Preset"];
    let first = Inputs::read(root()).unwrap().sources(types).unwrap();
    let second = Inputs::read(root()).unwrap().sources(types).unwrap();
    assert!(first.contains_key(Path::new("mediaconvert/settings/h264_settings.rs")));
    assert_eq!(first, second);
}

fn model() -> Value {
    json!({
        "metadata": { "uid": "model-2020-01-01" },
        "shapes": {
            "Job": {
                "type": "structure",
                "documentation": "What to do: * this * that",
                "required": ["Role"],
                "members": {
                    "Role": { "shape": "Text" },
                    "Codec": { "shape": "Codec" },
                    "Speed": { "shape": "Speed", "documentation": "<p>How fast.</p>" },
                    "Level": { "shape": "Level", "documentation": "Required. How good." },
                    "Labels": { "shape": "Labels" }
                }
            },
            "Text": { "type": "string", "pattern": "^a", "max": 3 },
            "Codec": { "type": "string", "enum": ["A", "B"] },
            "Speed": { "type": "integer", "min": 1, "max": 2_147_483_647 },
            "Level": { "type": "double", "min": 0, "max": 1 },
            "Labels": { "type": "map", "key": { "shape": "Text" }, "value": { "shape": "Text" } },
            "Other": { "type": "structure", "members": {} }
        }
    })
}

fn decisions(required: &[(&str, &str)]) -> Decisions {
    let required = required.iter().map(|(shape, member)| ((*shape).to_owned(), vec![(*member).to_owned()])).collect();
    Decisions { roots: vec!["Job".to_owned()], required }
}

#[test]
fn shapes_become_definitions() {
    let schema = service::schema(&model(), &decisions(&[("Job", "Level")])).unwrap();
    let definitions = json!({
        "Codec": { "type": "string", "enum": ["A", "B"] },
        "Job": {
            "description": "What to do:\n* this\n* that",
            "type": "object",
            "properties": {
                "Role": { "type": "string", "maxLength": 3, "pattern": "^a", "description": "" },
                "Codec": { "$ref": "#/definitions/Codec", "description": "" },
                "Speed": { "type": "integer", "minimum": 1, "description": "<p>How fast.</p>\nAt least 1." },
                "Level": {
                    "type": "number", "minimum": 0, "maximum": 1, "description": "Required. How good.\nFrom 0 to 1."
                },
                "Labels": {
                    "type": "object",
                    "additionalProperties": { "type": "string", "maxLength": 3, "pattern": "^a" },
                    "description": ""
                }
            },
            "required": ["Level", "Role"],
            "additionalProperties": false
        }
    });
    assert_eq!(schema["definitions"], definitions, "and nothing that is not needed");
}

#[test]
fn a_decision_that_the_model_does_not_bear_out_is_refused() {
    for wrong in [("Job", "Role"), ("Job", "Speed"), ("Job", "Gone"), ("Gone", "Level")] {
        let error = service::schema(&model(), &decisions(&[wrong])).unwrap_err();
        assert!(format!("{error:#}").contains("take"), "{wrong:?}: {error:#}");
    }
}

#[test]
fn checks_see_into_the_settings() {
    let inputs = Inputs::read(root()).unwrap();
    let mut schemas = inputs.published;
    service::fill_in(&mut schemas, &inputs.settings).unwrap();
    let template = &schemas["AWS::MediaConvert::JobTemplate"];
    let settings = &template["properties"]["SettingsJson"];
    assert_eq!(settings["type"], json!(["object", "string"]), "JSON in a string is allowed as before");
    assert_eq!(settings["additionalProperties"], false);
    assert_eq!(settings["properties"]["OutputGroups"]["items"], json!({ "$ref": "#/definitions/OutputGroup" }));
    assert_eq!(template["definitions"]["H264Settings"]["properties"]["MaxBitrate"]["maximum"], 1_152_000_000);
    assert!(template["definitions"].get("JobSettings").is_none(), "only what a template can have");
    assert!(
        service::fill_in(&mut schemas, &inputs.settings).is_err(),
        "once it is published, this is no longer needed"
    );
}
