//! Template files: those that are named, those in folders, and standard input.

use std::collections::BTreeMap;
use std::io::Read;
use std::path::{Path, PathBuf};

use tree::{Document, Finding};

use crate::error::{Error, Kind, Result};

/// What standard input is called in findings.
const STANDARD_INPUT: &str = "<stdin>";
/// The ends of the names that templates in folders have.
const ENDS: [&str; 4] = [".json", ".yaml", ".yml", ".template"];
/// Folders that hold what others wrote.
const FOREIGN: [&str; 3] = ["node_modules", "target", "__pycache__"];

/// What was found at the paths of a command line.
#[derive(Default)]
pub struct Files {
    /// The names of all files that are templates, whether or not they can be read, in order.
    pub names: Vec<String>,
    pub templates: Vec<Template>,
    /// Files that are templates but cannot be read.
    pub faults: Vec<Finding>,
    /// Files of folders that are no templates, and why.
    pub skipped: Vec<Skipped>,
    /// The text of each file.
    pub texts: BTreeMap<String, String>,
}

/// A template that was read.
pub struct Template {
    /// The path, as it was given or found.
    pub name: String,
    pub document: Document,
}

/// A file that was left out.
#[derive(serde::Serialize)]
pub struct Skipped {
    pub file: String,
    pub why: String,
}

impl Files {
    /// Reads the templates at these paths; `-` is standard input.
    pub fn read(paths: &[PathBuf]) -> Result<Self> {
        let mut files = Self::default();
        for path in paths {
            if path.as_os_str() == "-" {
                let mut bytes = Vec::new();
                std::io::stdin().read_to_end(&mut bytes).map_err(|error| unreadable(STANDARD_INPUT, &error))?;
                files.add(STANDARD_INPUT.to_owned(), &bytes, true);
            } else if path.is_dir() {
                for file in below(path)? {
                    let bytes = std::fs::read(&file).map_err(|error| unreadable(&file.to_string_lossy(), &error))?;
                    files.add(shown(&file), &bytes, false);
                }
            } else {
                let bytes = std::fs::read(path).map_err(|error| unreadable(&path.to_string_lossy(), &error))?;
                files.add(shown(path), &bytes, true);
            }
        }
        if files.names.is_empty() {
            let places: Vec<_> = paths.iter().map(|path| path.display().to_string()).collect();
            let ends = ENDS.join(", ");
            let hint = format!("templates in folders end in {ends} and have `Resources`; name other files one by one");
            return Err(Error::usage(format!("there is no template in {}", places.join(", "))).hint(hint));
        }
        Ok(files)
    }

    /// Adds a file; of one that was not named, first finds out whether it is a template.
    fn add(&mut self, name: String, bytes: &[u8], is_named: bool) {
        // A file that was named and then found in a folder is read once.
        if self.names.contains(&name) {
            return;
        }
        let text = String::from_utf8_lossy(bytes).into_owned();
        match tree::decode(bytes).and_then(tree::read) {
            Ok(document) if is_named || is_template(&document) => {
                self.templates.push(Template { name: name.clone(), document });
            }
            Ok(_) => return self.skip(name, "it has no `Resources`"),
            Err(error) if is_named || mentions_resources(&text) => self.faults.push(check::syntax(&name, &error)),
            Err(error) => return self.skip(name, &format!("it cannot be read: {error}")),
        }
        self.texts.insert(name.clone(), text);
        self.names.push(name);
    }

    fn skip(&mut self, file: String, why: &str) {
        self.skipped.push(Skipped { file, why: why.to_owned() });
    }
}

fn is_template(document: &Document) -> bool {
    let tree = &document.tree;
    tree.get("AWSTemplateFormatVersion").is_some()
        || tree.get("Resources").is_some_and(|section| section.as_map().is_some())
}

/// Tells whether a text that cannot be read looks like a template.
fn mentions_resources(text: &str) -> bool {
    text.contains("AWSTemplateFormatVersion")
        || text.lines().any(|line| line.starts_with("Resources:") || line.trim_start().starts_with("\"Resources\""))
}

/// Lists the files below a folder that may be templates, in order; hidden and foreign folders are left out.
fn below(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        let failed = |error: std::io::Error| unreadable(&folder.to_string_lossy(), &error);
        for entry in std::fs::read_dir(&folder).map_err(failed)? {
            let entry = entry.map_err(failed)?;
            let name = entry.file_name().to_string_lossy().into_owned();
            // A link is not followed: it may lead around in a circle.
            let kind = entry.file_type().map_err(failed)?;
            if kind.is_dir() && !name.starts_with('.') && !FOREIGN.contains(&name.as_str()) {
                folders.push(entry.path());
            } else if kind.is_file() && ENDS.iter().any(|end| name.ends_with(end)) {
                files.push(entry.path());
            }
        }
    }
    files.sort();
    Ok(files)
}

/// Writes a path as findings name it.
fn shown(path: &Path) -> String {
    path.strip_prefix(".").unwrap_or(path).display().to_string()
}

fn unreadable(name: &str, error: &std::io::Error) -> Error {
    if error.kind() == std::io::ErrorKind::NotFound {
        return Error::usage(format!("there is no file {name}"));
    }
    Error::new(Kind::Failed, format!("cannot read {name}: {error}"))
}
