//! What AWS publishes, vendored as compressed files: the provider schemas of all resource types, and the service model
//! of MediaConvert, whose settings the schemas leave open.
//!
//! `vendor/schemas.jsonl.zst` has one compact schema per line, sorted by type; `vendor/mediaconvert.json.zst` is the
//! model as it is; `vendor/vendor.toml` records where they come from. Vendoring is a command, so that its diff can be
//! reviewed when a newer version is taken.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, bail, ensure};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest as _, Sha256};

/// The folder of vendored files, from the root of the repository.
pub const FOLDER: &str = "crates/codegen/vendor";
const SCHEMAS: &str = "schemas.jsonl.zst";
const MEDIACONVERT: &str = "mediaconvert.json.zst";
/// The notice that the licence of the model wants kept.
const NOTICE: &str = "mediaconvert.NOTICE";
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
}

/// Where a vendored file comes from.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Record {
    /// The package on `PyPI`.
    pub package: String,
    /// Its version.
    pub version: String,
    /// The wheel's file name.
    pub wheel: String,
    /// SHA-256 of the wheel, as `PyPI` states it.
    pub wheel_sha256: String,
    /// The licence of what was taken from it.
    pub licence: String,
    /// How many resource types or shapes there are.
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

/// Reads the records of where the vendored files come from.
pub fn records(root: &Path) -> Result<Records> {
    let path = root.join(FOLDER).join(RECORDS);
    let text = fs::read_to_string(&path).with_context(|| format!("cannot read `{}`", path.display()))?;
    toml::from_str(&text).with_context(|| format!("`{}` is damaged", path.display()))
}

/// Replaces what a wheel has by what is in it, and returns its record.
///
/// A wheel of cfn-lint has the provider schemas, one of botocore the service model (`pip download cfn-lint==VERSION
/// --no-deps`).
pub fn vendor(root: &Path, wheel: &Path) -> Result<Record> {
    let file_name = wheel.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    let mut parts = file_name.split('-');
    let (Some(package @ ("cfn_lint" | "botocore")), Some(version)) = (parts.next(), parts.next()) else {
        bail!(
            "`{}` is a wheel neither of cfn-lint nor of botocore: its name should be like \
             `cfn_lint-1.58.0-py3-none-any.whl`",
            wheel.display()
        );
    };
    let bytes = fs::read(wheel).with_context(|| format!("cannot read `{}`", wheel.display()))?;
    let unpacked = tempfile::tempdir()?;
    python(&["-m", "zipfile", "-e"], &[wheel, unpacked.path()])?;
    let folder = root.join(FOLDER);
    let (licence, entries) = match package {
        "cfn_lint" => ("MIT-0", vendor_schemas(&folder, unpacked.path())?),
        _ => ("Apache-2.0", vendor_mediaconvert(&folder, unpacked.path(), version)?),
    };
    let record = Record {
        package: package.replace('_', "-"),
        version: version.to_owned(),
        wheel: file_name.to_owned(),
        wheel_sha256: hex(&Sha256::digest(&bytes)),
        licence: licence.to_owned(),
        entries,
    };
    let mut records = records(root)?;
    match package {
        "cfn_lint" => records.schemas = record.clone(),
        _ => records.mediaconvert = record.clone(),
    }
    let text = format!(
        "# Written by `cargo xtask codegen --vendor WHEEL`: where `{SCHEMAS}` and `{MEDIACONVERT}` come from.\n\n{}",
        toml::to_string(&records)?
    );
    fs::write(folder.join(RECORDS), text)?;
    Ok(record)
}

/// Takes the provider schemas.
///
/// The wheel lists the types of each region; what is kept is the union, for a type has one schema wherever it exists.
fn vendor_schemas(folder: &Path, unpacked: &Path) -> Result<usize> {
    let schemas = find_schemas(&unpacked.join("cfnlint/data/schemas"))?;
    let mut lines = Vec::new();
    for schema in schemas.values() {
        serde_json::to_writer(&mut lines, schema)?;
        lines.push(b'\n');
    }
    fs::write(folder.join(SCHEMAS), zstd::bulk::compress(&lines, LEVEL)?)?;
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

/// Takes the service model, as it is but without spaces, and the notice that goes with it.
fn vendor_mediaconvert(folder: &Path, unpacked: &Path, version: &str) -> Result<usize> {
    let model = find_model(unpacked)?;
    fs::write(folder.join(MEDIACONVERT), zstd::bulk::compress(&serde_json::to_vec(&model)?, LEVEL)?)?;
    let notice = unpacked.join(format!("botocore-{version}.dist-info/NOTICE"));
    fs::copy(notice, folder.join(NOTICE)).context("the wheel has no NOTICE")?;
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

/// Unpacks by Python's own modules: whoever has a wheel has Python.
fn python(arguments: &[&str], paths: &[&Path]) -> Result<()> {
    let status = Command::new("python3").args(arguments).args(paths).status();
    let status = status.context("cannot run python3, which unpacks the wheel")?;
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
        "`{RECORDS}` promises {promised} entries but `{file}` has {found}; run `cargo xtask codegen --vendor WHEEL` again"
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
