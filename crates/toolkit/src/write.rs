//! Writes an assembly into a folder.

use std::path::{Path, PathBuf};
use std::{fs, io};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use template::{Assembly, StackTemplate, WeakReference};

/// The name of the manifest's file.
pub const MANIFEST: &str = "manifest.json";

/// The version of the manifest's shape.
const VERSION: u32 = 1;

/// What a folder with a written assembly holds, and how to deploy it: the file `manifest.json`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Manifest {
    /// The version of this shape.
    pub version: u32,
    /// The app's name.
    pub app: String,
    /// The environment's name.
    pub environment: String,
    /// The account, 12 digits.
    pub account: String,
    /// The region.
    pub region: String,
    /// The stacks, in an order in which they can be deployed.
    pub stacks: Vec<ManifestStack>,
}

/// One stack of a manifest.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ManifestStack {
    /// The name within the app.
    pub name: String,
    /// The name in CloudFormation.
    pub stack_name: String,
    /// The template's file, beside the manifest.
    pub template: String,
    /// SHA-256 of the template's bytes, 64 hexadecimal digits.
    pub sha256: String,
    /// The stacks that must be deployed before.
    pub depends_on: Vec<String>,
    /// The parameters that are filled from other stacks' outputs.
    pub parameters: Vec<WeakReference>,
    /// The stack's tags, as keys and values.
    pub tags: Vec<(String, String)>,
    /// Whether the stack refuses to be deleted.
    pub termination_protection: bool,
}

/// Why an assembly could not be written.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    /// A file or folder.
    #[error("cannot {action} {path}: {error}")]
    File {
        /// What was tried: `write`, `create`, `remove`, `read`.
        action: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// What the system says.
        #[source]
        error: io::Error,
    },
    /// The folder has a `manifest.json` that is not of this kind, so it belongs to something else.
    #[error("{path} is not a manifest that was written here, and is not overwritten")]
    ForeignManifest {
        /// The file.
        path: PathBuf,
    },
}

/// Returns the name of the file that a stack's template is written to.
pub fn template_file(stack: &StackTemplate) -> String {
    format!("{}.template.json", stack.name)
}

/// Writes one template per stack and the manifest, and returns the manifest.
///
/// Each file is replaced as a whole or not at all, the manifest last, so that a reader who compares its digests never
/// takes a mixture for an assembly. Templates that an earlier manifest lists and this one does not are removed; no
/// other file is touched.
pub fn write(assembly: &Assembly, folder: &Path) -> Result<Manifest, WriteError> {
    let stale = earlier_templates(folder)?;
    fs::create_dir_all(folder).map_err(|error| file_error("create", folder, error))?;
    let mut stacks = Vec::with_capacity(assembly.stacks.len());
    for stack in &assembly.stacks {
        let template = stack.template.to_json_pretty();
        replace(&folder.join(template_file(stack)), template.as_bytes())?;
        stacks.push(described(stack, &template));
    }
    let manifest = Manifest {
        version: VERSION,
        app: assembly.app.clone(),
        environment: assembly.environment.clone(),
        account: assembly.account.clone(),
        region: assembly.region.clone(),
        stacks,
    };
    let mut text = serde_json::to_string_pretty(&manifest)
        .map_err(|error| file_error("write", &folder.join(MANIFEST), error.into()))?;
    text.push('\n');
    replace(&folder.join(MANIFEST), text.as_bytes())?;
    for file in stale.iter().filter(|file| manifest.stacks.iter().all(|stack| stack.template != **file)) {
        remove(&folder.join(file))?;
    }
    Ok(manifest)
}

/// Says of a stack, whose template is this text, what the manifest says.
fn described(stack: &StackTemplate, template: &str) -> ManifestStack {
    ManifestStack {
        name: stack.name.clone(),
        stack_name: stack.stack_name.clone(),
        template: template_file(stack),
        sha256: sha256(template.as_bytes()),
        depends_on: stack.depends_on.clone(),
        parameters: stack.parameters.clone(),
        tags: stack.tags.clone(),
        termination_protection: stack.termination_protection,
    }
}

/// Lists the templates that an earlier call wrote.
fn earlier_templates(folder: &Path) -> Result<Vec<String>, WriteError> {
    #[derive(Deserialize)]
    struct Earlier {
        version: u32,
        stacks: Vec<EarlierStack>,
    }
    #[derive(Deserialize)]
    struct EarlierStack {
        template: String,
    }
    let path = folder.join(MANIFEST);
    let text = match fs::read(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(file_error("read", &path, error)),
    };
    match serde_json::from_slice::<Earlier>(&text) {
        // A name with a separator would lead out of the folder: no call of ours wrote that.
        Ok(earlier)
            if earlier.version == VERSION
                && earlier.stacks.iter().all(|stack| {
                    stack.template.ends_with(".template.json") && !stack.template.contains(['/', '\\'])
                }) =>
        {
            Ok(earlier.stacks.into_iter().map(|stack| stack.template).collect())
        }
        _ => Err(WriteError::ForeignManifest { path }),
    }
}

/// Replaces a file as a whole; one that has these bytes already keeps its time.
fn replace(path: &Path, bytes: &[u8]) -> Result<(), WriteError> {
    if fs::read(path).is_ok_and(|present| present == bytes) {
        return Ok(());
    }
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(format!(".{}.tmp", std::process::id()));
    let temporary = path.with_file_name(name);
    let written = fs::write(&temporary, bytes).and_then(|()| fs::rename(&temporary, path));
    written.map_err(|error| {
        // The error that is reported is the first one; that this file may stay behind does no harm.
        let _ = fs::remove_file(&temporary);
        file_error("write", path, error)
    })
}

fn remove(path: &Path) -> Result<(), WriteError> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(file_error("remove", path, error)),
        _ => Ok(()),
    }
}

fn file_error(action: &'static str, path: &Path, error: io::Error) -> WriteError {
    WriteError::File { action, path: path.to_owned(), error }
}

/// Writes the SHA-256 of bytes as 64 hexadecimal digits.
pub(crate) fn sha256(bytes: &[u8]) -> String {
    use std::fmt::Write;
    Sha256::digest(bytes).iter().fold(String::with_capacity(64), |mut text, byte| {
        // Writing into a string cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}
