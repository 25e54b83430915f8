use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use sha2::{Digest, Sha256};

use crate::folder::{Folder, remove};
use crate::{Error, Result};

/// What is installed: every package by version and hash.
const REQUIREMENTS: &str = include_str!("../../../assets/local/requirements.txt");

/// How the names of virtual environments start that are being made.
const UNFINISHED: &str = "venv.new.";

/// The programs that may be a Python, in the order of preference.
const PYTHONS: [&str; 6] = ["python3", "python3.14", "python3.13", "python3.12", "python3.11", "python3.10"];

/// The oldest Python that the emulator runs on.
const OLDEST: (u32, u32) = (3, 10);

/// A Python that will do.
struct Python {
    program: String,
    version: String,
}

/// Says whether the emulator is installed as it is pinned now.
pub fn is_installed(root: &Path) -> bool {
    let folder = Folder::of(root);
    std::fs::read_to_string(marker(&folder.venv())).is_ok_and(|installed| installed == fingerprint())
        && python_of(&folder.venv()).exists()
}

/// Returns the version of the Python that the emulator would run on.
pub fn python() -> Result<String> {
    find_python(None).map(|python| python.version)
}

/// Installs the emulator, unless it is installed; it takes a few seconds and needs `PyPI`.
pub fn install(root: &Path) -> Result<()> {
    let folder = Folder::of(root);
    let _lock = folder.lock(&mut |_| {})?;
    install_locked(root, &folder)
}

pub(crate) fn install_locked(root: &Path, folder: &Folder) -> Result<()> {
    if is_installed(root) {
        return Ok(());
    }
    let python = find_python(None)?;
    // Built beside and renamed into place: a kill in the middle leaves nothing that looks whole. The environment's
    // Python works after that; its scripts, which name the old place, are not used.
    // The name is its own, because the `pip` of a command that was killed may still be writing to an earlier one.
    let beside = folder.path().join(format!("{UNFINISHED}{}", std::process::id()));
    remove_unfinished(folder);
    remove(&beside)?;
    run(Command::new(&python.program).args(["-m", "venv"]).arg(&beside), "python3 -m venv")?;
    let requirements = beside.join("requirements.txt");
    std::fs::write(&requirements, REQUIREMENTS).map_err(Error::file("write", &requirements))?;
    let mut pip = Command::new(python_of(&beside));
    pip.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-input"]);
    pip.args(["--require-hashes", "--only-binary=:all:", "--no-deps", "--requirement"]).arg(&requirements);
    // A user's settings may say where packages come from, not where they go.
    pip.env("PIP_USER", "0").env_remove("PIP_TARGET").env_remove("PIP_PREFIX").env_remove("PIP_ROOT");
    run(&mut pip, "pip install")?;
    std::fs::write(marker(&beside), fingerprint()).map_err(Error::file("write", &beside))?;
    let venv = folder.venv();
    remove(&venv)?;
    std::fs::rename(&beside, &venv).map_err(Error::file("write", &venv))
}

/// Removes what installations that were killed have left. What cannot be removed now is removed by the next one.
pub(crate) fn remove_unfinished(folder: &Folder) {
    for entry in std::fs::read_dir(folder.path()).into_iter().flatten().flatten() {
        if entry.file_name().to_string_lossy().starts_with(UNFINISHED) {
            drop(remove(&entry.path()));
        }
    }
}

/// Lets a checkout use the emulator that is installed in another: tests do, to be quick and to need no network.
pub fn share_installation(root: &Path, installed: &Path) -> Result<()> {
    let folder = Folder::of(root);
    let _lock = folder.lock(&mut |_| {})?;
    let venv = folder.venv();
    std::os::unix::fs::symlink(Folder::of(installed).venv(), &venv).map_err(Error::file("write", &venv))
}

/// Returns the Python of a virtual environment.
pub(crate) fn python_of(venv: &Path) -> PathBuf {
    venv.join("bin").join("python")
}

fn marker(venv: &Path) -> PathBuf {
    venv.join("requirements.sha256")
}

fn fingerprint() -> String {
    let digits = |byte: &u8| [byte >> 4, byte & 15].map(|digit| char::from_digit(digit.into(), 16).unwrap_or_default());
    Sha256::digest(REQUIREMENTS).iter().flat_map(digits).collect()
}

/// Looks for a Python on the PATH, or on `search_path`.
fn find_python(search_path: Option<&Path>) -> Result<Python> {
    let command = |program: &str| {
        let mut command = Command::new(program);
        if let Some(path) = search_path {
            command.env("PATH", path);
        }
        isolate(&mut command).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        command
    };
    let ask = |program: &str| {
        let script = "import sys; print('%d.%d.%d' % sys.version_info[:3])";
        let output = command(program).args(["-c", script]).stdout(Stdio::piped()).output().ok()?;
        let version = String::from_utf8(output.stdout).ok()?.trim().to_owned();
        parse(&version).is_some().then(|| Python { program: program.to_owned(), version })
    };
    let found: Vec<Python> = PYTHONS.into_iter().filter_map(ask).collect();
    let Some(first) = found.first() else { return Err(Error::NoPython) };
    let (program, version) = (first.program.clone(), first.version.clone());
    let Some(python) = found.into_iter().find(|python| parse(&python.version) >= Some(OLDEST)) else {
        return Err(Error::OldPython { program, version });
    };
    let mut modules = command(&python.program);
    if modules.args(["-c", "import venv, ensurepip"]).status().is_ok_and(|status| status.success()) {
        Ok(python)
    } else {
        Err(Error::NoVenv { program: python.program, version: python.version })
    }
}

fn parse(version: &str) -> Option<(u32, u32)> {
    let mut numbers = version.split('.').map_while(|number| number.parse().ok());
    Some((numbers.next()?, numbers.next()?))
}

/// Keeps the user's Python settings out: modules from elsewhere would shadow the ones installed.
pub(crate) fn isolate(command: &mut Command) -> &mut Command {
    command.env_remove("PYTHONPATH").env_remove("PYTHONHOME").env("PYTHONNOUSERSITE", "1")
}

fn run(command: &mut Command, step: &str) -> Result<()> {
    let failed = |output: String| Error::Install { step: step.to_owned(), output };
    let output = isolate(command).stdin(Stdio::null()).output().map_err(|error| failed(error.to_string()))?;
    if output.status.success() {
        return Ok(());
    }
    let said = [output.stdout, output.stderr].concat();
    let said = String::from_utf8_lossy(&said);
    let lines: Vec<&str> = said.lines().collect();
    Err(failed(lines[lines.len().saturating_sub(15)..].join("\n")))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    /// A folder with a program named `python3` that does this.
    fn python(script: &str) -> tempfile::TempDir {
        let folder = tempfile::tempdir().expect("a folder");
        let program = folder.path().join("python3");
        std::fs::write(&program, format!("#!/bin/sh\n{script}\n")).expect("written");
        std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).expect("executable");
        folder
    }

    fn hint_without(path: &Path) -> (Error, String) {
        let error = find_python(Some(path)).err().expect("no good Python");
        let hint = error.hint().expect("a hint");
        (error, hint)
    }

    #[test]
    fn without_python_the_packages_to_install_are_named() {
        let nothing = tempfile::tempdir().expect("a folder");
        let (error, hint) = hint_without(nothing.path());
        assert!(matches!(error, Error::NoPython), "{error}");
        assert!(hint.contains("sudo apt-get install python3 python3-venv"), "{hint}");
    }

    #[test]
    fn an_old_python_is_named_with_its_version() {
        let old = python("echo 3.9.2");
        let (error, hint) = hint_without(old.path());
        assert!(error.to_string().contains("`python3` is 3.9.2"), "{error}");
        assert!(hint.contains("python3-venv"), "{hint}");
    }

    #[test]
    fn a_python_without_its_venv_module_needs_one_package() {
        let bare = python("case $2 in *venv*) exit 1;; *) echo 3.12.1;; esac");
        let (error, hint) = hint_without(bare.path());
        assert!(matches!(error, Error::NoVenv { .. }), "{error}");
        assert!(hint.contains("sudo apt-get install python3-venv"), "{hint}");
    }

    #[test]
    fn every_package_is_pinned_by_version_and_hash() {
        let packages = REQUIREMENTS.lines().filter(|line| line.contains("=="));
        let unhashed: Vec<_> = packages.filter(|line| !line.ends_with('\\')).collect();
        assert!(unhashed.is_empty(), "{unhashed:?}");
        assert!(REQUIREMENTS.contains(&format!("\nministack=={} ", crate::EMULATOR_VERSION)));
    }

    #[test]
    fn versions_are_compared_as_numbers() {
        assert!(parse("3.9.18") < Some(OLDEST));
        assert!(parse("3.10.0") >= Some(OLDEST));
        assert_eq!(parse("Python"), None);
    }
}
