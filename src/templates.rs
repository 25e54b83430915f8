//! Where templates that are compared come from.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::rc::Rc;
use std::str::FromStr;

use template::Assembly;
use tree::Tree;

use crate::cloud_access::{block_on, connect, explain, patience, target};
use crate::error::{Error, Kind, Result};
use crate::printer::Printer;
use crate::session::Session;

/// A template and the name that it is compared under.
pub struct Named {
    pub name: String,
    pub tree: Rc<Tree>,
}

/// Parses templates; the same text becomes the same tree, which is then known to be the same without looking.
#[derive(Default)]
pub struct Parser {
    known: BTreeMap<Vec<u8>, Rc<Tree>>,
    /// The text of a file, whose room is used again for the next one.
    text: Vec<u8>,
    /// Whether nothing that follows has to be known again.
    is_last: bool,
}

/// What an environment is compared with.
#[derive(Clone, Debug)]
pub enum Source {
    /// What is deployed.
    Deployed,
    /// The snapshots at a revision of git.
    Revision(String),
    /// A folder of templates, or one.
    Path(PathBuf),
}

impl FromStr for Source {
    type Err = String;

    fn from_str(text: &str) -> std::result::Result<Self, String> {
        match text.strip_prefix("git:") {
            Some("") => Err("there is no revision behind `git:`; write `git:main` or `git:HEAD~1`".to_owned()),
            // Behind a dash, git would take it for an option.
            Some(revision) if revision.starts_with('-') => Err(format!("`{revision}` is no revision")),
            Some(revision) => Ok(Self::Revision(revision.to_owned())),
            None if text == "deployed" => Ok(Self::Deployed),
            None => Ok(Self::Path(PathBuf::from(text))),
        }
    }
}

/// The endings of templates' file names, the longer ones first.
const ENDINGS: &[&str] = &[".template.json", ".template.yaml", ".template.yml", ".json", ".yaml", ".yml", ".template"];

/// Files in a folder of templates that are none.
const NO_TEMPLATES: &[&str] = &[toolkit::MANIFEST, "cdk.json", "tree.json", "package.json"];

/// Takes the templates of an assembly.
pub fn of_assembly(assembly: Assembly) -> Vec<Named> {
    assembly.stacks.into_iter().map(|stack| Named { name: stack.name, tree: Rc::new(stack.template) }).collect()
}

/// Reads a template, or those of a folder: all files whose names end like a template's and whose content is one.
pub fn read_set(path: &Path, parser: &mut Parser) -> Result<Vec<Named>> {
    if !path.is_dir() {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let name = stack_name(&name).unwrap_or_else(|| name.to_string());
        return Ok(vec![Named { name, tree: parser.read(path)? }]);
    }
    let entries = std::fs::read_dir(path).and_then(Iterator::collect::<std::io::Result<Vec<_>>>);
    let entries = entries.map_err(|error| unreadable(path, &error))?;
    let mut files: Vec<_> = entries.into_iter().map(|entry| entry.path()).filter(|path| path.is_file()).collect();
    files.sort();
    let mut set = Vec::new();
    for file in files {
        let file_name = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let Some(name) = stack_name(&file_name).filter(|_| !NO_TEMPLATES.contains(&file_name.as_str())) else {
            continue;
        };
        let tree = parser.read(&file)?;
        if tree.get("Resources").is_some() {
            set.push(Named { name, tree });
        }
    }
    if set.is_empty() {
        let endings = ENDINGS.join(", ");
        return Err(Error::usage(format!("there is no template in {}", path.display()))
            .hint(format!("templates have `Resources`, and their names end with one of {endings}")));
    }
    Ok(set)
}

/// Reads the snapshots of an environment at a revision.
///
/// The snapshots are what the reviewers of that revision read and what its tests compared with its synthesis, so they
/// are its templates; to build the old sources would take minutes and a toolchain that may be gone.
pub fn snapshots_of(root: &Path, environment: &str, revision: &str) -> Result<Vec<Named>> {
    let mut parser = Parser::default();
    let folder = format!("snapshots/{environment}/");
    let listed = git(root, &["ls-tree", "-z", "--name-only", revision, &folder], "")?;
    let listed = String::from_utf8_lossy(&listed).into_owned();
    let paths: Vec<&str> = listed.split('\0').filter(|path| stack_name(path).is_some()).collect();
    if paths.is_empty() {
        return Err(Error::new(Kind::Failed, format!("there is no {folder} at revision `{revision}`"))
            .hint("a revision from before the snapshots cannot be compared with; name a later one"));
    }
    let wanted: Vec<_> = paths.iter().map(|path| format!("{revision}:./{path}")).collect();
    let wanted = wanted.join("\n") + "\n";
    let answer = git(root, &["cat-file", "--batch"], &wanted)?;
    let mut rest = answer.as_slice();
    let mut set = Vec::new();
    for path in paths {
        let blob = next_blob(&mut rest)
            .ok_or_else(|| Error::new(Kind::Failed, format!("git does not give {path} of revision `{revision}`")))?;
        let file = path.rsplit('/').next().unwrap_or(path);
        let name = stack_name(file).unwrap_or_else(|| file.to_owned());
        set.push(Named { name, tree: parser.parse(&format!("{revision}:{path}"), blob.to_vec())? });
    }
    Ok(set)
}

/// Takes the next object off the answer of `git cat-file --batch`: `<id> blob <bytes>`, the bytes, a line feed.
fn next_blob<'a>(rest: &mut &'a [u8]) -> Option<&'a [u8]> {
    let end = rest.iter().position(|byte| *byte == b'\n')?;
    let header = std::str::from_utf8(&rest[..end]).ok()?;
    let length: usize = header.strip_suffix(' ').unwrap_or(header).rsplit(' ').next()?.parse().ok()?;
    let blob = rest.get(end + 1..end + 1 + length)?;
    *rest = rest.get(end + length + 2..)?;
    Some(blob)
}

fn git(root: &Path, arguments: &[&str], input: &str) -> Result<Vec<u8>> {
    let failed = |what: String| Error::new(Kind::Failed, format!("git {} failed: {what}", arguments[0]));
    let mut child = Command::new("git")
        .args(arguments)
        .current_dir(root)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|error| failed(error.to_string()).hint("`git:` needs git; or compare with a folder"))?;
    // A few hundred bytes: they fit the pipe, so that nobody waits for the other.
    if let Some(mut stdin) = child.stdin.take() {
        stdin.write_all(input.as_bytes()).map_err(|error| failed(error.to_string()))?;
    }
    let output = child.wait_with_output().map_err(|error| failed(error.to_string()))?;
    if output.status.success() {
        return Ok(output.stdout);
    }
    let said = String::from_utf8_lossy(&output.stderr);
    Err(failed(said.trim().strip_prefix("fatal: ").unwrap_or(said.trim()).to_owned())
        .hint("name a branch, a tag or a commit that is in this clone"))
}

/// Reads what is deployed.
pub fn deployed(session: &Session, assembly: &Assembly, printer: &Printer) -> Result<Vec<Named>> {
    let offline = |error: Error| error.hint("or compare with a revision, offline: `--against git:main`");
    let target = target(session, printer).map_err(offline)?;
    let work = async {
        let cloud = connect(session, &target).await?;
        Ok(toolkit::deployed_templates(assembly, &cloud, patience(session)).await?)
    };
    let read = block_on(printer, work).map_err(|error| explain(session, error))?;
    let mut parser = Parser::default();
    let named = read.into_iter().map(|deployed| {
        let tree = parser.parse(&format!("deployed stack `{}`", deployed.stack), deployed.template.into_bytes())?;
        Ok(Named { name: deployed.stack, tree })
    });
    named.collect()
}

/// Takes the ending off a template's file name.
fn stack_name(file: &str) -> Option<String> {
    let stem = ENDINGS.iter().find_map(|ending| file.strip_suffix(ending))?;
    (!stem.is_empty()).then(|| stem.to_owned())
}

fn unreadable(path: &Path, error: &std::io::Error) -> Error {
    Error::new(Kind::Failed, format!("cannot read {}: {error}", path.display()))
}

impl Parser {
    /// Goes on with the last set of templates, whose texts need not be kept.
    pub fn last(self) -> Self {
        Self { is_last: true, ..self }
    }

    fn read(&mut self, path: &Path) -> Result<Rc<Tree>> {
        let mut text = std::mem::take(&mut self.text);
        text.clear();
        let read = File::open(path).and_then(|mut file| file.read_to_end(&mut text));
        read.map_err(|error| unreadable(path, &error))?;
        self.parse(&path.display().to_string(), text)
    }

    /// Reads a template, JSON or YAML; `place` names it in errors.
    fn parse(&mut self, place: &str, text: Vec<u8>) -> Result<Rc<Tree>> {
        if let Some(known) = self.known.get(&text) {
            return Ok(Rc::clone(known));
        }
        let parsed = tree::decode(&text).and_then(tree::parse).map_err(|error| {
            let own = Error::usage(format!("{place}:{}:{}: {}", error.line, error.column, error.message));
            match error.hint {
                Some(hint) => own.hint(hint),
                None => own,
            }
        })?;
        let tree = Rc::new(parsed);
        if self.is_last {
            self.text = text;
        } else {
            self.known.insert(text, Rc::clone(&tree));
        }
        Ok(tree)
    }
}
