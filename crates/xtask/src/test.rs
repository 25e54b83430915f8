//! Every test, in stages; each is timed, and the first that fails ends the run.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use clap::ValueEnum;

use crate::process::{self, output, works};
use crate::{audit, codegen, parity, setup};

/// Runs every test.
#[derive(clap::Args)]
pub struct Arguments {
    /// Runs one stage only; may be repeated.
    #[arg(long = "only", value_enum)]
    only: Vec<Stage>,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Stage {
    /// What a bare machine lacks.
    Setup,
    /// rustfmt.
    Format,
    /// Generated code is what its generator writes.
    Generated,
    /// clippy, with warnings as errors, with and without the SDK.
    Lint,
    /// Unit, integration and end-to-end tests.
    Tests,
    /// Examples in documentation comments.
    DocTests,
    /// cfn-lint on every template, `ShellCheck` on every script, GitHub's schemas and zizmor on every workflow.
    Templates,
    /// What cfn-lint finds in its own fixture templates is found by `baleen check`, too.
    Parity,
    /// What cfn-lint, checkov and parliament find in the templates is what is accepted, each with its reason.
    Audit,
}

impl Stage {
    fn run(self, root: &Path) -> anyhow::Result<()> {
        match self {
            Self::Setup => setup::run(root),
            Self::Format => process::run(cargo(root).args(["fmt", "--all", "--check"])),
            Self::Generated => codegen::check(root),
            Self::Lint => lint(root),
            Self::Tests => tests(root),
            Self::DocTests => process::run(cargo(root).args(["test", "--workspace", "--doc", "--quiet"])),
            Self::Templates => templates(root),
            Self::Parity => parity::run(root, &parity::Arguments::default()),
            Self::Audit => audit::run(root, &audit::Arguments::default()),
        }
    }
}

fn run_stages(root: &Path, stages: &[Stage]) -> anyhow::Result<Vec<(Stage, Duration)>> {
    let mut times = Vec::new();
    for stage in stages {
        let name = name(*stage);
        eprintln!("\n── {name}");
        let start = Instant::now();
        stage
            .run(root)
            .with_context(|| format!("stage `{name}` failed; again with: cargo xtask test --only {name}"))?;
        times.push((*stage, start.elapsed()));
    }
    Ok(times)
}

pub fn run(root: &Path, arguments: &Arguments) -> anyhow::Result<()> {
    let stages = if arguments.only.is_empty() { Stage::value_variants() } else { &arguments.only };
    let times = run_stages(root, stages)?;
    eprintln!();
    for (stage, time) in times {
        eprintln!("{:<10} {:>6.1} s", name(stage), time.as_secs_f64());
    }
    Ok(())
}

fn name(stage: Stage) -> String {
    stage.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default()
}

fn cargo(root: &Path) -> Command {
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.current_dir(root);
    cargo
}

fn lint(root: &Path) -> anyhow::Result<()> {
    let deny = ["--", "-D", "warnings"];
    process::run(cargo(root).args(["clippy", "--quiet", "--workspace", "--all-targets"]).args(deny))?;
    process::run(cargo(root).args(["clippy", "--quiet", "--package", "baleen", "--no-default-features"]).args(deny))
}

fn tests(root: &Path) -> anyhow::Result<()> {
    if works("cargo", &["nextest", "--version"]) {
        process::run(cargo(root).args(["nextest", "run", "--workspace", "--no-fail-fast"]))
    } else {
        process::run(cargo(root).args(["test", "--workspace", "--lib", "--bins", "--tests", "--no-fail-fast"]))
    }
}

fn templates(root: &Path) -> anyhow::Result<()> {
    let tools = setup::tools(root)?;
    let templates = tracked(root, &["snapshots/*.json"])?;
    let templates: Vec<_> = templates.into_iter().filter(|path| !path.ends_with("manifest.json")).collect();
    if templates.is_empty() {
        bail!("there are no templates under snapshots/");
    }
    eprintln!("cfn-lint: {} templates", templates.len());
    // Parameters that only a deployment fills have no other use than the one cfn-lint sees: nothing is left out here.
    process::run(
        Command::new(tools.join("cfn-lint"))
            .current_dir(root)
            .args(["--non-zero-exit-code", "warning", "--"])
            .args(templates),
    )?;
    let scripts = tracked(root, &["*.sh", ".ci/run"])?;
    eprintln!("ShellCheck: {} scripts", scripts.len());
    process::run(Command::new(tools.join("shellcheck")).current_dir(root).arg("--").args(scripts))?;
    workflows(root, &tools)
}

/// Checks the workflows against GitHub's schemas, and asks whether they could be made to do what they should not.
fn workflows(root: &Path, tools: &Path) -> anyhow::Result<()> {
    for (schema, files) in
        [("vendor.github-workflows", ".github/workflows/*.yml"), ("vendor.github-actions", "action.yml")]
    {
        let files = tracked(root, &[files])?;
        eprintln!("check-jsonschema: {} files, {schema}", files.len());
        let mut check = Command::new(tools.join("check-jsonschema"));
        process::run(check.current_dir(root).args(["--builtin-schema", schema, "--"]).args(files))?;
    }
    // What is less than medium is a matter of taste. It never goes to the network.
    let mut zizmor = Command::new(tools.join("zizmor"));
    process::run(zizmor.current_dir(root).args(["--offline", "--no-progress", "--min-severity", "medium", "--", "."]))
}

/// Lists the files of the checkout, committed or not, that match one of the patterns and are not ignored.
fn tracked(root: &Path, patterns: &[&str]) -> anyhow::Result<Vec<PathBuf>> {
    let mut git = Command::new("git");
    git.current_dir(root).args(["ls-files", "-z", "--cached", "--others", "--exclude-standard", "--"]).args(patterns);
    let files = output(&mut git)?;
    Ok(files
        .split('\0')
        .filter(|file| !file.is_empty())
        .map(PathBuf::from)
        .filter(|file| root.join(file).exists())
        .collect())
}
