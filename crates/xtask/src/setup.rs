//! What a bare machine lacks.

use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, bail};

use crate::process::{self, works};

/// The tools that check templates, scripts and workflows, pinned by version and hash.
const TOOLS: &str = include_str!("../tools.txt");

/// The auditors of templates and policies, pinned the same way; they bring a hundred packages, so they live apart.
const AUDITORS: &str = include_str!("../audit.txt");

/// Installs what is missing and says what it does.
pub fn run(root: &Path) -> anyhow::Result<()> {
    system_packages()?;
    browser()?;
    local_cloud(root)?;
    tools(root)?;
    eprintln!("everything is in place; next: `cargo xtask demo`, `cargo xtask test`, or `cargo run -- --help`");
    Ok(())
}

/// Installs FFmpeg and Python's virtual environments from the system's packages.
pub fn system_packages() -> anyhow::Result<()> {
    install(missing())
}

/// Installs a browser, which tests look at pages with, from the system's packages.
pub fn browser() -> anyhow::Result<()> {
    let browsers = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];
    let there = browsers.iter().any(|browser| works(browser, &["--version"]));
    install(if there { Vec::new() } else { vec!["chromium"] })
}

/// Lists the packages that everything needs and that are not there.
fn missing() -> Vec<&'static str> {
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
    missing
}

fn install(missing: Vec<&str>) -> anyhow::Result<()> {
    if missing.is_empty() {
        return Ok(());
    }
    let packages = missing.join(" ");
    if !works("apt-get", &["--version"]) {
        bail!(
            "missing: {packages}\nhint: install them with your system's package manager (macOS: `brew install ffmpeg python3 chromium`)"
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
    apt.args(["install", "-y", "-qq", "--no-install-recommends"]).args(missing);
    process::run(&mut apt).with_context(|| if update { "" } else { "the package lists could not be updated either" })
}

/// Installs the emulator into a virtual environment of its own.
pub fn local_cloud(root: &Path) -> anyhow::Result<()> {
    let hint = |error: &local::Error| error.hint().map(|hint| format!("hint: {hint}")).unwrap_or_default();
    local::install(root).map_err(|error| anyhow::anyhow!("{error}\n{}", hint(&error)))
}

/// Installs the tools that check templates, scripts and workflows, and returns the folder of programs that they are in.
pub fn tools(root: &Path) -> anyhow::Result<PathBuf> {
    virtual_environment(&root.join(".baleen/tools"), "cfn-lint, ShellCheck, check-jsonschema and zizmor", TOOLS)
}

/// Installs checkov and parliament, and returns the folder of programs that they are in.
pub fn auditors(root: &Path) -> anyhow::Result<PathBuf> {
    virtual_environment(&root.join(".baleen/audit"), "checkov and parliament", AUDITORS)
}

/// Installs pinned packages into a virtual environment of their own, unless they are there, and returns its programs.
pub fn virtual_environment(venv: &Path, what: &str, requirements: &str) -> anyhow::Result<PathBuf> {
    let programs = venv.join("bin");
    let marker = venv.join("installed.txt");
    if std::fs::read_to_string(&marker).is_ok_and(|installed| installed == requirements) {
        return Ok(programs);
    }
    eprintln!("installing {what} into {}", venv.display());
    process::run(Command::new("python3").args(["-m", "venv", "--clear"]).arg(venv))?;
    let file = venv.join("requirements.txt");
    std::fs::write(&file, requirements)?;
    process::run(
        Command::new(programs.join("pip"))
            .args(["install", "--quiet", "--disable-pip-version-check", "--require-hashes", "--only-binary=:all:"])
            .arg("--requirement")
            .arg(&file),
    )?;
    // Written last: a marker means that everything before it is there.
    std::fs::write(&marker, requirements)?;
    Ok(programs)
}
