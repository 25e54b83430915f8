//! Builds the program that instances run, so that it starts on the systems that they have.
//!
//! It is built against an old glibc, with Zig's headers and linker: what this machine has is newer than what instances may
//! have. A static program would need none at all, but musl's allocator and resolver are not those that the agent is tested
//! with. The same sources and tools are to make the same bytes wherever the checkout and the user's folders are, so the SHA-256 of
//! the program is its name: unchanged sources make no new version of a fleet.

mod program;

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, bail};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::process::{self, output};
use crate::setup;

/// What builds, pinned by version and hash.
const BUILDERS: &str = include_str!("../bundle.txt");

/// The package, and the program.
const AGENT: &str = "baleen-agent";

/// The glibc that the program is linked against: the oldest one that Rust supports (rustc book, "Platform support").
const LINKED_GLIBC: &str = "2.17";

/// The newest glibc whose symbols the program may need: that of Amazon Linux 2023, the oldest of the systems that instances
/// are expected to have (Amazon Linux 2023 user guide; Ubuntu 22.04 has 2.35).
const NEWEST_GLIBC: (u32, u32) = (2, 34);

/// The version of the manifest's shape.
const MANIFEST_VERSION: u32 = 1;

/// Builds the agent that instances install, into `out/bundle`.
#[derive(clap::Args)]
pub struct Arguments {
    /// The processors to build for; every instance type that a fleet may have is `x86_64`.
    #[arg(long = "arch", value_enum, value_delimiter = ',', default_values_t = [Architecture::X86])]
    architectures: Vec<Architecture>,
    /// The folder to write to.
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
}

/// Processors, called as AWS calls them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Architecture {
    #[value(name = "x86_64")]
    X86,
    #[value(name = "arm64")]
    Arm,
}

impl Architecture {
    fn name(self) -> &'static str {
        match self {
            Self::X86 => "x86_64",
            Self::Arm => "arm64",
        }
    }

    fn target(self) -> &'static str {
        match self {
            Self::X86 => "x86_64-unknown-linux-gnu",
            Self::Arm => "aarch64-unknown-linux-gnu",
        }
    }

    /// Tells whether this machine runs what is built for it.
    fn is_here(self) -> bool {
        let here = if cfg!(target_arch = "x86_64") { Some(Self::X86) } else { None };
        let here = if cfg!(target_arch = "aarch64") { Some(Self::Arm) } else { here };
        cfg!(target_os = "linux") && here == Some(self)
    }
}

pub fn run(root: &Path, arguments: &Arguments) -> anyhow::Result<()> {
    let folder = arguments.out.clone().unwrap_or_else(|| root.join("out/bundle"));
    let builders = setup::virtual_environment(&root.join(".baleen/bundle"), "cargo-zigbuild and Zig", BUILDERS)?;
    let mut agents = Vec::new();
    for &architecture in &arguments.architectures {
        add_target(root, architecture)?;
        let built = build(root, &builders, architecture)?;
        agents.push(put(&folder, &built, architecture)?);
    }
    let manifest = json!({
        "version": MANIFEST_VERSION,
        "package": env!("CARGO_PKG_VERSION"),
        "revision": revision(root),
        "rustc": output(Command::new("rustc").current_dir(root).arg("--version"))?.trim(),
        "agents": agents,
    });
    let path = folder.join("manifest.json");
    std::fs::write(&path, format!("{manifest:#}\n")).with_context(|| format!("cannot write {}", path.display()))?;
    eprintln!("{}", path.display());
    Ok(())
}

/// Installs Rust's standard library for other processors, unless it is there.
fn add_target(root: &Path, architecture: Architecture) -> anyhow::Result<()> {
    let target = architecture.target();
    let libraries =
        output(Command::new("rustc").current_dir(root).args(["--print", "target-libdir", "--target", target]))?;
    if Path::new(libraries.trim()).is_dir() {
        return Ok(());
    }
    process::run(Command::new("rustup").current_dir(root).args(["target", "add", target])).with_context(|| {
        format!("Rust's standard library for {target} is not there; it comes from static.rust-lang.org")
    })
}

/// Builds the program, and returns where it is.
fn build(root: &Path, builders: &Path, architecture: Architecture) -> anyhow::Result<PathBuf> {
    eprintln!("building {AGENT} for {}; that takes a few minutes", architecture.name());
    let home = home_of_cargo()?;
    let path = std::env::var_os("PATH").unwrap_or_default();
    let path = std::env::join_paths(std::iter::once(builders.to_owned()).chain(std::env::split_paths(&path)))?;
    let target = target_folder(root)?;
    // No path of this machine gets into the program: neither from Rust nor from the C of the cryptography.
    let places = [(target.as_path(), "target"), (home.as_path(), "cargo"), (root, "baleen")];
    let rust = places.map(|(from, to)| format!("--remap-path-prefix={}={to}", from.display()));
    let c = places.map(|(from, to)| format!("-ffile-prefix-map={}={to}", from.display()));
    let triple = architecture.target();
    process::run(
        Command::new(builders.join("cargo-zigbuild"))
            .current_dir(root)
            .args(["zigbuild", "--locked", "--quiet", "--profile", "bundle", "--package", AGENT, "--features", "aws"])
            .args(["--target", &format!("{triple}.{LINKED_GLIBC}")])
            .env("PATH", path)
            .env("CARGO_ENCODED_RUSTFLAGS", rust.join("\u{1f}"))
            .env(format!("CFLAGS_{}", triple.replace('-', "_")), c.join(" "))
            .env("SOURCE_DATE_EPOCH", "0")
            .env_remove("RUSTFLAGS")
            .env_remove("RUSTC_WRAPPER"),
    )?;
    Ok(target.join(triple).join("bundle").join(AGENT))
}

/// Returns the folder that holds the sources of other packages.
fn home_of_cargo() -> anyhow::Result<PathBuf> {
    if let Some(home) = std::env::var_os("CARGO_HOME") {
        return Ok(PathBuf::from(home));
    }
    let home = std::env::var_os("HOME").context("neither CARGO_HOME nor HOME is set")?;
    Ok(Path::new(&home).join(".cargo"))
}

fn target_folder(root: &Path) -> anyhow::Result<PathBuf> {
    let metadata =
        output(Command::new("cargo").current_dir(root).args(["metadata", "--format-version=1", "--no-deps"]))?;
    let metadata: Value = serde_json::from_str(&metadata)?;
    let target = metadata["target_directory"].as_str().context("cargo metadata names no target directory")?;
    Ok(PathBuf::from(target))
}

/// Examines a program, puts it in its place and describes it.
fn put(folder: &Path, built: &Path, architecture: Architecture) -> anyhow::Result<Value> {
    let program = std::fs::read(built).with_context(|| format!("cannot read {}", built.display()))?;
    let needed = program::needed_glibc(&program).with_context(|| format!("{} needs no glibc", built.display()))?;
    if needed > NEWEST_GLIBC {
        let ((major, minor), (newest, of)) = (needed, NEWEST_GLIBC);
        bail!("{} needs glibc {major}.{minor}, but instances may have {newest}.{of}", built.display());
    }
    if architecture.is_here() {
        let version = output(Command::new(built).arg("--version"))?;
        let expected = format!("{AGENT} {}", env!("CARGO_PKG_VERSION"));
        if version.trim() != expected {
            bail!("{} says that it is `{}`, not `{expected}`", built.display(), version.trim());
        }
    }
    let file = format!("{}/{AGENT}", architecture.name());
    let path = folder.join(&file);
    std::fs::create_dir_all(folder.join(architecture.name()))?;
    std::fs::copy(built, &path).with_context(|| format!("cannot write {}", path.display()))?;
    let sha256 = hex(&Sha256::digest(&program));
    let bytes = program.len();
    eprintln!("{}  {bytes} bytes, glibc {}.{} or newer, sha256 {sha256}", path.display(), needed.0, needed.1);
    Ok(json!({
        "architecture": architecture.name(),
        "file": file,
        "bytes": bytes,
        "sha256": sha256,
        "glibc": format!("{}.{}", needed.0, needed.1),
    }))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut hex, byte| {
        // Writing to a string does not fail.
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}

/// Says which sources the program was built from; nothing outside of a repository.
fn revision(root: &Path) -> Option<String> {
    let git = |arguments: &[&str]| {
        let output = Command::new("git").current_dir(root).args(arguments).output().ok()?;
        output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
    };
    let changed = git(&["status", "--porcelain", "--untracked-files=no"])?;
    let commit = git(&["rev-parse", "HEAD"])?;
    Some(if changed.is_empty() { commit } else { format!("{commit}, changed") })
}
