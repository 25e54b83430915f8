//! The generated files: writing them, and telling which are stale.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, bail, ensure};

use crate::emit::{self, Sources};
use crate::model::{self, Model, Settings};
use crate::reviewed::{self, Reviewed};
use crate::vendor::Schemas;
use crate::{fixups, pack, service, vendor};

/// The sources of the crate `resources`, from the root of the repository.
const RESOURCES: &str = "crates/resources/src";

/// Generated files by path from the root of the repository.
pub type Files = BTreeMap<PathBuf, Vec<u8>>;

/// Everything that code is generated from.
#[derive(Debug)]
pub struct Inputs {
    /// The schemas as published.
    pub published: Schemas,
    /// The schemas, put right.
    pub schemas: Schemas,
    /// The schema of the settings of MediaConvert.
    pub settings: serde_json::Value,
    /// The reviewed decisions.
    pub reviewed: Reviewed,
    /// Where the schemas come from.
    pub records: vendor::Records,
}

impl Inputs {
    /// Reads the inputs.
    pub fn read(root: &Path) -> Result<Self> {
        let published = vendor::read(root)?;
        let mut schemas = published.clone();
        fixups::apply(&mut schemas)?;
        let reviewed = Reviewed::read(root, &schemas)?;
        let settings = service::schema(&vendor::read_mediaconvert(root)?, &reviewed.mediaconvert)?;
        Ok(Self { reviewed, records: vendor::records(root)?, settings, schemas, published })
    }

    /// Makes the models of the given types.
    pub fn models<'n>(&self, type_names: impl IntoIterator<Item = &'n str>) -> Result<Vec<Model>> {
        type_names
            .into_iter()
            .map(|name| {
                let schema = self.schemas.get(name).with_context(|| format!("`{name}` is no resource type"))?;
                model::model(name, schema, &self.reviewed).with_context(|| format!("cannot model `{name}`"))
            })
            .collect()
    }

    /// Makes the model of the settings of MediaConvert.
    pub fn settings(&self) -> Result<Settings> {
        model::settings("MediaConvert", &self.settings, &self.reviewed).context("cannot model MediaConvert's settings")
    }

    /// Writes the sources of a crate with the given types, unformatted.
    pub fn sources<'n>(&self, type_names: impl IntoIterator<Item = &'n str>) -> Result<Sources> {
        let (models, settings) = (self.models(type_names)?, self.settings()?);
        Ok(emit::emit(&models, &settings, &self.schemas, &self.reviewed, &self.records))
    }
}

/// Generates all files.
pub fn generate(root: &Path) -> Result<Files> {
    let inputs = Inputs::read(root)?;
    // Decisions about types that are not on the allow-list are tried as well.
    let decided = inputs.reviewed.decided();
    let extra = decided.iter().filter(|name| !inputs.reviewed.allowed.contains(*name));
    inputs.models(extra.map(String::as_str))?;
    let sources = inputs.sources(inputs.reviewed.allowed.iter().map(String::as_str))?;
    inputs.reviewed.refuse_unused()?;

    let mut files: Files = format(root, sources)?
        .into_iter()
        .map(|(path, text)| (Path::new(RESOURCES).join(path), text.into_bytes()))
        .collect();
    // Checks judge by the schemas as published: what was put right here is how it is said in Rust.
    let Inputs { mut published, settings, .. } = inputs;
    service::fill_in(&mut published, &settings)?;
    files.extend(pack::files(root, &published)?);
    Ok(files)
}

/// Generates a crate of all types into a folder, to see that every schema becomes Rust that compiles.
pub fn generate_all(root: &Path, folder: &Path) -> Result<usize> {
    let inputs = Inputs::read(root)?;
    let sources = inputs.sources(inputs.schemas.keys().map(String::as_str))?;
    for (path, text) in &sources {
        let path = folder.join("src").join(path);
        fs::create_dir_all(path.parent().unwrap_or(folder))?;
        fs::write(path, text)?;
    }
    let template = root.join("crates/template").canonicalize()?;
    let manifest = format!(
        "[package]\nname = \"all-resources\"\nedition = \"2024\"\n\n[workspace]\n\n[dependencies]\ntemplate = {{ path = {:?} }}\n",
        template.display()
    );
    fs::write(folder.join("Cargo.toml"), manifest)?;
    Ok(inputs.schemas.len())
}

/// Lists the files that are not as generated, those that are no longer generated included.
pub fn stale(root: &Path, files: &Files) -> Result<Vec<PathBuf>> {
    let mut stale: BTreeSet<PathBuf> = BTreeSet::new();
    for (path, bytes) in files {
        if fs::read(root.join(path)).ok().as_ref() != Some(bytes) {
            stale.insert(path.clone());
        }
    }
    stale.extend(present(root)?.into_iter().filter(|path| !files.contains_key(path)));
    Ok(stale.into_iter().collect())
}

/// Writes the files that are not as generated and removes what is no longer generated; returns what it touched.
pub fn write(root: &Path, files: &Files) -> Result<Vec<PathBuf>> {
    let stale = stale(root, files)?;
    for path in &stale {
        let target = root.join(path);
        let Some(bytes) = files.get(path) else {
            fs::remove_file(&target).with_context(|| format!("cannot remove `{}`", target.display()))?;
            continue;
        };
        if let Some(folder) = target.parent() {
            fs::create_dir_all(folder)?;
        }
        fs::write(&target, bytes).with_context(|| format!("cannot write `{}`", target.display()))?;
    }
    Ok(stale)
}

/// Adds a resource type to the allow-list; returns whether it was not there yet.
pub fn add(root: &Path, type_name: &str) -> Result<bool> {
    let schemas = vendor::read(root)?;
    if !schemas.contains_key(type_name) {
        let lower = type_name.to_lowercase();
        let tail = lower.rsplit("::").next().unwrap_or(&lower);
        let close: Vec<&str> = schemas
            .keys()
            .map(String::as_str)
            .filter(|name| name.to_lowercase() == lower || name.to_lowercase().ends_with(&format!("::{tail}")))
            .take(5)
            .collect();
        let hint = if close.is_empty() { String::new() } else { format!("; did you mean {}?", close.join(" or ")) };
        bail!("`{type_name}` is none of the {} resource types{hint}", schemas.len());
    }
    reviewed::allow(root, type_name)
}

/// Lists the files under the generated folder.
fn present(root: &Path) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    let mut folders = vec![PathBuf::from(RESOURCES)];
    while let Some(folder) = folders.pop() {
        let Ok(entries) = fs::read_dir(root.join(&folder)) else { continue };
        for entry in entries {
            let entry = entry?;
            let path = folder.join(entry.file_name());
            if entry.file_type()?.is_dir() { folders.push(path) } else { files.push(path) }
        }
    }
    Ok(files)
}

/// Formats sources as `cargo fmt` would, with the settings of the repository.
fn format(root: &Path, sources: Sources) -> Result<Sources> {
    let folder = tempfile::tempdir()?;
    fs::copy(root.join("rustfmt.toml"), folder.path().join("rustfmt.toml"))?;
    for (path, text) in &sources {
        let path = folder.path().join(path);
        fs::create_dir_all(path.parent().unwrap_or(folder.path()))?;
        fs::write(path, text)?;
    }
    // It follows the modules from here.
    let status = rustfmt().arg(folder.path().join("lib.rs")).status().context("cannot run rustfmt")?;
    ensure!(status.success(), "rustfmt could not format the generated code");
    sources
        .into_keys()
        .map(|path| {
            let text = fs::read_to_string(folder.path().join(&path))?;
            Ok((path, text))
        })
        .collect()
}

/// Checks that a source is Rust, by having it formatted.
pub fn parses(source: &str) -> Result<()> {
    let mut child = rustfmt()
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .context("cannot run rustfmt")?;
    child.stdin.take().context("rustfmt has no input")?.write_all(source.as_bytes())?;
    let output = child.wait_with_output()?;
    ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Ok(())
}

fn rustfmt() -> Command {
    let mut command = Command::new("rustfmt");
    command.args(["--edition", "2024"]);
    command
}
