//! What a bare machine lacks.

use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, bail};

use crate::process::{self, works};

/// The tools that check templates and scripts, pinned by version and hash.
const TOOLS: &str = include_str!("../tools.txt");

/// Installs what is missing and says what it does.
pub fn run(root: &Path) -> anyhow::Result<()> {
    system_packages()?;
    local_cloud(root)?;
    tools(root)?;
    eprintln!("everything is in place; next: `cargo xtask demo`, `cargo xtask test`, or `cargo run -- --help`");
    Ok(())
}

/// Installs FFmpeg and Python's virtual environments from the system's packages.
pub fn system_packages() -> anyhow::Result<()> {
    let mut missing = Vec::new();
    if !works("ffmpeg", &["-version"]) || !works("ffprobe", &["-version"]) {
        missing.push("ffmpeg");
    }
    if !works("python3", &["--version"]) {
        missing.push("python3");
    }
    // Debian and Ubuntu split the module that fills a virtual environment off into a package of its own.
    if !works("python3", &["-c", "import venv, ensurepip"]) {
        missing.push("python3-venv");
    }
    if missing.is_empty() {
        return Ok(());
    }
    let packages = missing.join(" ");
    if !works("apt-get", &["--version"]) {
        bail!(
            "missing: {packages}\nhint: install them with your system's package manager (macOS: `brew install ffmpeg python3`)"
        );
    }
    let mut apt = if works("sh", &["-c", "test \"$(id -u)\" = 0"]) {
        Command::new("apt-get")
    } else if std::io::stdin().is_terminal() && works("sudo", &["--version"]) {
        eprintln!("installing {packages} from the system's packages needs root, so `sudo` may ask for your password");
        let mut sudo = Command::new("sudo");
        sudo.arg("apt-get");
        sudo
    } else {
        bail!(
            "missing: {packages}\nhint: installing them needs root; run `sudo apt-get install -y {packages}` and then this again"
        );
    };
    // A fresh container has no package lists yet; a failure here shows as a failure to install.
    let update = works("apt-get", &["update", "-qq"]);
    apt.args(["install", "-y", "-qq", "--no-install-recommends"]).args(&missing);
    process::run(&mut apt).with_context(|| if update { "" } else { "the package lists could not be updated either" })
}

/// Installs the emulator into a virtual environment of its own.
pub fn local_cloud(root: &Path) -> anyhow::Result<()> {
    let hint = |error: &local::Error| error.hint().map(|hint| format!("hint: {hint}")).unwrap_or_default();
    local::install(root).map_err(|error| anyhow::anyhow!("{error}\n{}", hint(&error)))
}

/// Installs cfn-lint and `ShellCheck` into a virtual environment of their own, and returns its folder of programs.
pub fn tools(root: &Path) -> anyhow::Result<PathBuf> {
    let venv = root.join(".baleen/tools");
    let marker = venv.join("installed.txt");
    if std::fs::read_to_string(&marker).is_ok_and(|installed| installed == TOOLS) {
        return Ok(venv.join("bin"));
    }
    eprintln!("installing cfn-lint and ShellCheck into {}", venv.display());
    process::run(Command::new("python3").args(["-m", "venv", "--clear"]).arg(&venv))?;
    let requirements = venv.join("requirements.txt");
    std::fs::write(&requirements, TOOLS)?;
    process::run(
        Command::new(venv.join("bin/pip"))
            .args(["install", "--quiet", "--disable-pip-version-check", "--require-hashes", "--only-binary=:all:"])
            .arg("--requirement")
            .arg(&requirements),
    )?;
    // Written last: a marker means that everything before it is there.
    std::fs::write(&marker, TOOLS)?;
    Ok(venv.join("bin"))
}
