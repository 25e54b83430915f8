//! Measures this program beside its peers: whole processes, from outside.
//!
//! Everything is measured in one run, in rounds: each command once, then each again, so that a busy minute of the machine
//! falls on all of them. CPU is user and system time of the process and all that it starts; the median counts. What
//! single functions take is for `cargo bench -p benches`.

mod deploy;
mod measure;
mod peers;
mod table;
mod templates;

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, bail};

use measure::Measurement;
pub use measure::{Arguments as MeasureArguments, run as measure};

use crate::process;

/// Measures Baleen beside the CDK, troposphere, cfn-lint and cloudformation-diff, and prints a table in Markdown.
#[derive(clap::Args)]
pub struct Arguments {
    /// How often each command runs; the median counts.
    #[arg(long, default_value_t = 7, value_parser = clap::value_parser!(u32).range(1..=100))]
    runs: u32,
    /// Puts the table into `README.md` as well.
    #[arg(long)]
    write: bool,
    /// Measures this program instead of building one.
    #[arg(long, value_name = "PROGRAM")]
    program: Option<PathBuf>,
    /// Measures deployments to the local cloud, beside the CDK's, and nothing else.
    #[arg(long)]
    deployments: bool,
}

/// A command that is measured.
pub struct Subject {
    /// What it does, for the table.
    what: &'static str,
    /// The command, as somebody would type it.
    shown: String,
    command: Vec<String>,
    folder: PathBuf,
    environment: Vec<(&'static str, String)>,
    /// The exit codes with which it has done what it is for.
    exit_codes: &'static [i32],
    /// What it is compared with.
    peer_of: Option<PeerOf>,
}

/// What a peer is compared with.
#[derive(Clone, Copy)]
pub struct PeerOf {
    /// The position of our own command among all.
    own: usize,
    /// How many times as much CPU the peer is to take at least.
    bar: Option<f64>,
}

/// The most memory that our commands may take for prod, in MiB.
const MEMORY_BAR: f64 = 40.0;

pub fn run(root: &Path, arguments: &Arguments) -> anyhow::Result<()> {
    let program = match &arguments.program {
        Some(program) => std::path::absolute(program)?,
        None => build(root, arguments.deployments)?,
    };
    if arguments.deployments {
        return deployments(root, &program, arguments);
    }
    let peers = peers::install(root)?;
    let work = templates::write(root)?;
    let subjects = subjects(root, &program, &peers, &work);
    let mut measurements: Vec<Vec<Measurement>> = subjects.iter().map(|_| Vec::new()).collect();
    // The first round fills the caches of the system, and does not count.
    for round in 0..=arguments.runs {
        eprintln!("round {round} of {}", arguments.runs);
        for (subject, own) in subjects.iter().zip(&mut measurements) {
            let measured = measure::of(subject).with_context(|| format!("cannot measure `{}`", subject.shown))?;
            if round > 0 {
                own.push(measured);
            }
        }
    }
    let medians: Vec<Measurement> = measurements.iter_mut().map(|own| measure::median(own)).collect();
    show(root, arguments, &subjects, &medians)
}

/// Measures deployments: a first one, and one that has nothing to change.
fn deployments(root: &Path, program: &Path, arguments: &Arguments) -> anyhow::Result<()> {
    let deployments = deploy::prepare(root, program, &peers::install_cdk(root)?)?;
    let mut measurements: Vec<Vec<Measurement>> = deployments.subjects.iter().map(|_| Vec::new()).collect();
    for round in 0..=arguments.runs {
        eprintln!("round {round} of {}", arguments.runs);
        for (measured, own) in deployments.round()?.into_iter().zip(&mut measurements) {
            if round > 0 {
                own.push(measured);
            }
        }
    }
    let medians: Vec<Measurement> = measurements.iter_mut().map(|own| measure::median(own)).collect();
    show(root, arguments, &deployments.subjects, &medians)?;
    deployments.stop()
}

fn show(root: &Path, arguments: &Arguments, subjects: &[Subject], medians: &[Measurement]) -> anyhow::Result<()> {
    let option = if arguments.deployments { " --deployments" } else { "" };
    let command = format!("cargo xtask bench{option} --runs {}", arguments.runs);
    let table = table::markdown(subjects, medians, &command, arguments.runs);
    #[expect(clippy::print_stdout, reason = "what this command is run for")]
    {
        print!("{table}");
    }
    if arguments.write {
        let place = if arguments.deployments { "deployments" } else { "bench" };
        table::put(&root.join("README.md"), place, &table)?;
    }
    // What talks to a cloud links the AWS SDK: the bar is for what works offline.
    let memory_bar = if arguments.deployments { f64::INFINITY } else { MEMORY_BAR };
    for missed in table::missed(subjects, medians, memory_bar) {
        eprintln!("missed: {missed}");
    }
    Ok(())
}

/// Builds the tool as it is released: the offline one, or with all that talks to a cloud.
fn build(root: &Path, with_cloud: bool) -> anyhow::Result<PathBuf> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let features: &[&str] = if with_cloud { &[] } else { &["--no-default-features"] };
    process::run(Command::new(&cargo).current_dir(root).args(["build", "--release"]).args(features))?;
    let metadata = process::output(Command::new(&cargo).current_dir(root).args([
        "metadata",
        "--format-version",
        "1",
        "--no-deps",
        "--offline",
    ]))?;
    let metadata: serde_json::Value = serde_json::from_str(&metadata)?;
    let Some(target) = metadata["target_directory"].as_str() else { bail!("cargo tells no target directory") };
    Ok(Path::new(target).join("release/baleen"))
}

fn subjects(root: &Path, program: &Path, peers: &peers::Peers, work: &templates::Work) -> Vec<Subject> {
    let baleen = |what, arguments: &[&str]| {
        let words = std::iter::once(program.display().to_string());
        let words = words.chain(arguments.iter().map(|word| (*word).to_owned()));
        let shown = arguments.join(" ").replace(&format!("{}/", root.display()), "");
        Subject {
            what,
            shown: format!("baleen {shown}"),
            command: words.collect(),
            folder: root.to_owned(),
            environment: Vec::new(),
            // A diff says by 2 that something differs, and by 3 that a gate has findings.
            exit_codes: if arguments[0] == "diff" { &[2, 3] } else { &[0] },
            peer_of: None,
        }
    };
    let text = |path: &Path| path.display().to_string();
    let (out, prod, old, new) = (text(&work.out), text(&work.prod), text(&work.old), text(&work.new));
    let mut subjects = vec![
        baleen("synthesis and check of prod, 15 stacks", &["synth", "--env", "prod", "--out", &out]),
        baleen("check of all templates of prod", &["check", &prod]),
        baleen("diff of all templates of prod, an edit or two in each", &["diff", &old, &new]),
    ];
    subjects.extend(peers.subjects(work));
    for (few, many) in work.growth.iter().map(|pair| (pair.old.as_path(), pair.new.as_path())) {
        subjects.push(baleen("check of many resources", &["check", &text(few)]));
        subjects.push(baleen("diff of many resources", &["diff", &text(few), &text(many)]));
    }
    subjects
}
