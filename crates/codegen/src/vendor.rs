//! The provider schemas as they were published, vendored as one compressed file.
//!
//! `vendor/schemas.jsonl.zst` has one compact schema per line, sorted by type; `vendor/vendor.toml` records where they
//! come from. Vendoring is a command, so that its diff can be reviewed when a newer version is taken.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, Result, bail, ensure};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest as _, Sha256};

/// The folder of vendored files, from the root of the repository.
pub const FOLDER: &str = "crates/codegen/vendor";
const SCHEMAS: &str = "schemas.jsonl.zst";
const RECORD: &str = "vendor.toml";
/// The highest level without `--ultra`: vendoring is rare, and every clone carries the file.
const LEVEL: i32 = 19;

/// Where the vendored schemas come from.
#[derive(Debug, Deserialize, Serialize)]
pub struct Record {
    /// The package on `PyPI`.
    pub package: String,
    /// Its version.
    pub version: String,
    /// The wheel's file name.
    pub wheel: String,
    /// SHA-256 of the wheel, as `PyPI` states it.
    pub wheel_sha256: String,
    /// The licence of the schemas.
    pub licence: String,
    /// How many resource types there are.
    pub types: usize,
}

/// All vendored schemas by resource type.
pub type Schemas = BTreeMap<String, Value>;

/// Reads the vendored schemas.
pub fn read(root: &Path) -> Result<Schemas> {
    let path = root.join(FOLDER).join(SCHEMAS);
    let packed = fs::read(&path).with_context(|| format!("cannot read `{}`", path.display()))?;
    let text = zstd::decode_all(packed.as_slice()).with_context(|| format!("`{}` is damaged", path.display()))?;
    let schemas: Schemas = text
        .split(|byte| *byte == b'\n')
        .filter(|line| !line.is_empty())
        .map(|line| {
            let schema: Value = serde_json::from_slice(line)?;
            Ok((type_name(&schema)?.to_owned(), schema))
        })
        .collect::<Result<_>>()
        .with_context(|| format!("`{}` is damaged", path.display()))?;
    let record = record(root)?;
    ensure!(
        schemas.len() == record.types,
        "`{RECORD}` promises {} types but `{SCHEMAS}` has {}; run `cargo xtask codegen --vendor WHEEL` again",
        record.types,
        schemas.len()
    );
    Ok(schemas)
}

/// Reads the record of where the schemas come from.
pub fn record(root: &Path) -> Result<Record> {
    let path = root.join(FOLDER).join(RECORD);
    let text = fs::read_to_string(&path).with_context(|| format!("cannot read `{}`", path.display()))?;
    toml::from_str(&text).with_context(|| format!("`{}` is damaged", path.display()))
}

/// Replaces the vendored schemas by those of a wheel of cfn-lint (`pip download cfn-lint==VERSION --no-deps`).
///
/// The wheel lists the types of each region; what is kept is the union, for a type has one schema wherever it exists.
pub fn vendor(root: &Path, wheel: &Path) -> Result<Record> {
    let file_name = wheel.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    let mut parts = file_name.split('-');
    let (Some("cfn_lint"), Some(version)) = (parts.next(), parts.next()) else {
        bail!(
            "`{}` is not a wheel of cfn-lint: its name should be like `cfn_lint-1.58.0-py3-none-any.whl`",
            wheel.display()
        );
    };
    let bytes = fs::read(wheel).with_context(|| format!("cannot read `{}`", wheel.display()))?;
    let schemas = unpack(wheel)?;

    let mut lines = Vec::new();
    for schema in schemas.values() {
        serde_json::to_writer(&mut lines, schema)?;
        lines.push(b'\n');
    }
    let record = Record {
        package: "cfn-lint".to_owned(),
        version: version.to_owned(),
        wheel: file_name.to_owned(),
        wheel_sha256: hex(&Sha256::digest(&bytes)),
        licence: "MIT-0".to_owned(),
        types: schemas.len(),
    };
    let folder = root.join(FOLDER);
    fs::create_dir_all(&folder)?;
    fs::write(folder.join(SCHEMAS), zstd::bulk::compress(&lines, LEVEL)?)?;
    let text = format!(
        "# Written by `cargo xtask codegen --vendor WHEEL`. `{SCHEMAS}` holds the provider schemas of this package.\n{}",
        toml::to_string(&record)?
    );
    fs::write(folder.join(RECORD), text)?;
    Ok(record)
}

/// Reads the schemas out of a wheel, which is a ZIP archive. Python unpacks it: whoever has a wheel has Python.
fn unpack(wheel: &Path) -> Result<Schemas> {
    let folder = tempfile::tempdir()?;
    let status = Command::new("python3")
        .args(["-m", "zipfile", "-e"])
        .arg(wheel)
        .arg(folder.path())
        .status()
        .context("cannot run python3, which unpacks the wheel")?;
    ensure!(status.success(), "python3 could not unpack `{}`", wheel.display());

    let data = folder.path().join("cfnlint/data/schemas");
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
