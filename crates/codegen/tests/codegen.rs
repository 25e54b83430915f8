//! That the generator copes with every schema, and with files that are not as it left them.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use codegen::model::{Item, Model, Structure};
use codegen::output::{self, Inputs};
use codegen::{names, reviewed};

fn root() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."))
}

fn all_models(inputs: &Inputs) -> Vec<Model> {
    inputs.models(inputs.schemas.keys().map(String::as_str)).expect("every schema has a model")
}

fn structures(model: &Model) -> impl Iterator<Item = &Structure> {
    let items = model.items.values().filter_map(|item| match item {
        Item::Structure(structure) => Some(structure),
        Item::Enumeration(_) => None,
    });
    std::iter::once(&model.resource).chain(items)
}

/// What the compiler would refuse, for all types at once; compiling them takes half a minute (`--all`).
#[test]
fn every_schema_becomes_a_model_whose_names_are_good() {
    let inputs = Inputs::read(root()).unwrap();
    let models = all_models(&inputs);
    assert_eq!(models.len(), inputs.records.schemas.entries);
    for model in &models {
        for structure in structures(model) {
            let setters: Vec<&str> =
                structure.required.iter().chain(&structure.optional).map(|property| property.setter.as_str()).collect();
            let distinct: BTreeSet<&str> = setters.iter().copied().collect();
            assert_eq!(setters.len(), distinct.len(), "{} {}", model.type_name, structure.name);
            assert!(setters.iter().all(|setter| is_snake(setter)), "{} {setters:?}", model.type_name);
        }
        for (name, item) in &model.items {
            assert!(name.starts_with(|first: char| first.is_ascii_uppercase()), "{} {name}", model.type_name);
            let Item::Enumeration(values) = item else { continue };
            let distinct: BTreeSet<&String> = values.variants.iter().map(|(variant, _)| variant).collect();
            assert_eq!(distinct.len(), values.variants.len(), "{} {name}", model.type_name);
            assert!(!values.variants.is_empty(), "{} {name} has no values", model.type_name);
        }
        let methods: BTreeSet<&String> = model.attributes.iter().map(|attribute| &attribute.method).collect();
        assert_eq!(methods.len(), model.attributes.len(), "{}", model.type_name);
    }
}

fn is_snake(name: &str) -> bool {
    let mut characters = name.chars();
    characters.next().is_some_and(|first| first.is_ascii_lowercase())
        && characters.all(|next| next.is_ascii_lowercase() || next.is_ascii_digit() || next == '_')
}

/// A module per resource and a name per type, so that no file overwrites another.
#[test]
fn no_two_resources_share_a_module() {
    let inputs = Inputs::read(root()).unwrap();
    let mut modules: BTreeMap<(String, String), &String> = BTreeMap::new();
    for name in inputs.schemas.keys() {
        let module = (names::service_module(name), names::snake(names::resource_name(name)));
        assert_eq!(modules.insert(module, name), None, "{name}");
    }
}

#[test]
fn a_sample_of_all_files_is_rust() {
    let inputs = Inputs::read(root()).unwrap();
    let sample: Vec<&str> = inputs.schemas.keys().map(String::as_str).step_by(60).collect();
    let sources = inputs.sources(sample.iter().copied()).unwrap();
    assert!(sources.len() > sample.len());
    for (path, text) in sources.iter().filter(|(path, _)| !path.ends_with("lib.rs") && !path.ends_with("mod.rs")) {
        output::parses(text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    }
    assert!(output::parses("fn broken(").is_err(), "the check itself can fail");
}

/// Adding a type must not rename what others already use.
#[test]
fn adding_every_type_renames_nothing() {
    let inputs = Inputs::read(root()).unwrap();
    let few = inputs.sources(inputs.reviewed.allowed.iter().map(String::as_str)).unwrap();
    let all = inputs.sources(inputs.schemas.keys().map(String::as_str)).unwrap();
    for (path, text) in &few {
        if path.ends_with("lib.rs") {
            continue;
        }
        let other = &all[path];
        if path.ends_with("mod.rs") {
            let lines: BTreeSet<&str> = other.lines().collect();
            let missing: Vec<&str> = text.lines().filter(|line| !lines.contains(line)).collect();
            assert!(missing.is_empty(), "{}: {missing:#?}", path.display());
        } else {
            assert_eq!(text, other, "{}", path.display());
        }
    }
}

#[test]
fn stale_files_are_named_and_made_fresh() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    let source = |name: &str| PathBuf::from("crates/resources/src").join(name);
    let files = BTreeMap::from([
        (source("lib.rs"), b"one".to_vec()),
        (source("s3/bucket.rs"), b"two".to_vec()),
        (source("s3/mod.rs"), b"three".to_vec()),
    ]);
    assert_eq!(output::stale(root, &files).unwrap(), files.keys().cloned().collect::<Vec<_>>());
    output::write(root, &files).unwrap();
    assert_eq!(output::stale(root, &files).unwrap(), Vec::<PathBuf>::new());

    fs::write(root.join(source("lib.rs")), "by hand").unwrap();
    fs::write(root.join(source("s3/gone.rs")), "no longer generated").unwrap();
    let stale = [source("lib.rs"), source("s3/gone.rs")];
    assert_eq!(output::stale(root, &files).unwrap(), stale);
    assert_eq!(output::write(root, &files).unwrap(), stale);
    assert_eq!(output::stale(root, &files).unwrap(), Vec::<PathBuf>::new());
    assert_eq!(fs::read_to_string(root.join(source("lib.rs"))).unwrap(), "one");
}

#[test]
fn a_type_is_added_once_and_in_order() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("crates/codegen/allow.txt");
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(&path, "# Why.\n\nAWS::S3::Bucket\nAWS::SQS::Queue\n").unwrap();
    assert!(reviewed::allow(folder.path(), "AWS::SNS::Topic").unwrap());
    assert!(!reviewed::allow(folder.path(), "AWS::S3::Bucket").unwrap());
    let text = fs::read_to_string(&path).unwrap();
    assert_eq!(text, "# Why.\n\nAWS::S3::Bucket\nAWS::SNS::Topic\nAWS::SQS::Queue\n");
}

#[test]
fn an_unknown_type_is_refused_with_a_suggestion() {
    let error = output::add(root(), "AWS::SQS::Bucket").unwrap_err().to_string();
    assert!(error.contains("did you mean") && error.contains("AWS::S3::Bucket"), "{error}");
}
