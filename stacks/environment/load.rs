//! Reads environment files, and says where and why one is wrong.

use std::ops::Range;
use std::path::{Path as FilePath, PathBuf};
use std::{fs, io};

use toml::de::{DeTable, DeValue};
use tree::{Finding, Origin, Path};

use super::rules::{self, Problem};
use super::{Environment, Slug, words};

/// The extension of environment files.
const EXTENSION: &str = "toml";

/// Why an environment cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum EnvironmentError {
    /// There is no file for this name.
    #[error("no environment `{name}` in {}; {}", directory.display(), there_are(name, known))]
    Unknown {
        /// The name that was asked for.
        name: String,
        /// The directory that was searched.
        directory: PathBuf,
        /// The environments that there are, in alphabetical order.
        known: Vec<String>,
    },
    /// There is a file, but its name is none for an environment.
    #[error("{} cannot be an environment: {reason}", path.display())]
    Name {
        /// The file.
        path: PathBuf,
        /// What a name has to be.
        reason: String,
    },
    /// The directory or the file cannot be read.
    #[error("cannot read {}: {source}", path.display())]
    Unreadable {
        /// The directory or file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// The file says something that cannot be: one line for each finding, with file, line and column.
    #[error("{}", lines(.0))]
    Invalid(Vec<Finding>),
}

impl Environment {
    /// Reads and checks the environment of this name in a directory.
    pub fn load(directory: &FilePath, name: &str) -> Result<Self, EnvironmentError> {
        // A name with separators or dots would be a path, and no environment has one.
        let checked_name = Slug::try_from(name.to_owned());
        let is_name = checked_name.is_ok();
        let path = directory.join(format!("{name}.{EXTENSION}"));
        let text = match fs::read_to_string(&path) {
            Ok(text) if is_name => text,
            Err(error) if is_name && error.kind() != io::ErrorKind::NotFound => {
                return Err(EnvironmentError::Unreadable { path, source: error });
            }
            _ => {
                let mut known = names(directory)?;
                if let (Err(reason), true) = (checked_name, known.iter().any(|known| known == name)) {
                    return Err(EnvironmentError::Name { path, reason });
                }
                known.retain(|known| Slug::try_from(known.clone()).is_ok());
                return Err(EnvironmentError::Unknown {
                    name: name.to_owned(),
                    directory: directory.to_owned(),
                    known,
                });
            }
        };
        let file = path.display().to_string().replace('\\', "/");
        Self::parse(name, &file, &text).map_err(EnvironmentError::Invalid)
    }

    /// Reads and checks an environment from the text of its file; `file` is what findings call it.
    pub fn parse(name: &str, file: &str, text: &str) -> Result<Self, Vec<Finding>> {
        let environment: Self = toml::from_str(text).map_err(|error| vec![unreadable(file, text, &error)])?;
        let environment = Self { name: name.to_owned(), ..environment };
        let problems = rules::problems(&environment);
        if problems.is_empty() {
            return Ok(environment);
        }
        let document = DeTable::parse(text).map_err(|error| vec![unreadable(file, text, &error)])?;
        let finding = |problem: Problem| finding(file, text, document.get_ref(), problem);
        Err(problems.into_iter().map(finding).collect())
    }
}

/// Lists the environments of a directory, in alphabetical order.
pub fn names(directory: &FilePath) -> Result<Vec<String>, EnvironmentError> {
    let unreadable = |source| EnvironmentError::Unreadable { path: directory.to_owned(), source };
    let mut names = Vec::new();
    for entry in fs::read_dir(directory).map_err(unreadable)? {
        let path = entry.map_err(unreadable)?.path();
        if path.extension().is_some_and(|extension| extension == EXTENSION)
            && let Some(name) = path.file_stem().and_then(|stem| stem.to_str())
        {
            names.push(name.to_owned());
        }
    }
    names.sort();
    Ok(names)
}

/// Makes a finding of what the TOML parser or a type says.
fn unreadable(file: &str, text: &str, error: &toml::de::Error) -> Finding {
    let message = error.message().trim_end().replace('\n', "; ");
    let span = error.span().unwrap_or(0..0);
    let written = text.get(span.clone()).unwrap_or_default();
    let (message, hint) = words::improved(&message, written);
    let origin = origin(text, span);
    let finding = Finding::error("environment/value", file, Path::root(), origin, message);
    Finding { hint, ..finding }
}

/// Makes a finding of values that do not go together, at the first of the problem's keys that the file has.
fn finding(file: &str, text: &str, document: &DeTable<'_>, problem: Problem) -> Finding {
    let located = problem.keys.iter().find_map(|key| Some((*key, locate(document, key)?)));
    let (key, span) = located.unwrap_or((problem.keys[0], 0..0));
    let finding =
        Finding::error("environment/relation", file, Path::of(key.split('.')), origin(text, span), problem.message);
    Finding { hint: problem.hint, ..finding }
}

/// Finds where a key such as `times.visibility_seconds` is written.
fn locate(document: &DeTable<'_>, key: &str) -> Option<Range<usize>> {
    let (first, rest) = key.split_once('.').map_or((key, None), |(first, rest)| (first, Some(rest)));
    let (written, value) = document.iter().find(|(written, _)| written.get_ref().as_ref() == first)?;
    match (rest, value.get_ref()) {
        (None, _) => Some(written.span()),
        (Some(rest), DeValue::Table(table)) => locate(table, rest),
        _ => None,
    }
}

/// Turns a position in bytes into line and column.
fn origin(text: &str, span: Range<usize>) -> Origin {
    let before = text.get(..span.start).unwrap_or(text);
    let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
    let count = |number: usize| u32::try_from(number).unwrap_or(u32::MAX).saturating_add(1);
    Origin::Text { line: count(before.matches('\n').count()), column: count(before[line_start..].chars().count()) }
}

/// Returns the word that is most like the given one, unless none is.
pub(super) fn closest<'w>(given: &str, words: impl Iterator<Item = &'w str>) -> Option<&'w str> {
    words
        .map(|word| (strsim::jaro_winkler(given, word), word))
        .filter(|(likeness, _)| *likeness > 0.75)
        .max_by(|(left, _), (right, _)| left.total_cmp(right))
        .map(|(_, word)| word)
}

fn there_are(name: &str, known: &[String]) -> String {
    let names: Vec<_> = known.iter().map(|name| format!("`{name}`")).collect();
    match closest(name, known.iter().map(String::as_str)) {
        Some(closest) => format!("there are {}; did you mean `{closest}`?", names.join(", ")),
        None if known.is_empty() => "there are none".to_owned(),
        None => format!("there are {}", names.join(", ")),
    }
}

fn lines(findings: &[Finding]) -> String {
    let line = |finding: &Finding| {
        let hint = finding.hint.as_ref().map(|hint| format!(" ({hint})")).unwrap_or_default();
        format!("{}:{}: {}{hint}", finding.template, finding.origin, finding.message)
    };
    findings.iter().map(line).collect::<Vec<_>>().join("\n")
}
