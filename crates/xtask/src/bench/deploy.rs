//! Deployments of the local environment's stacks, to the same emulator: by this program, and by the CDK's command line.
//!
//! Both get the same templates, in the form with exports, because the CDK fills no parameters from outputs. Every round
//! begins with an emulator that has nothing: first deployment, then the same again with nothing to change.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, bail};
use serde_json::{Map, Value, json};

use super::measure::{self, Measurement};
use super::{PeerOf, Subject};
use crate::process;

/// How many stacks both deploy at once.
const CONCURRENCY: &str = "4";

/// The emulator, and the two ways to deploy to it.
pub struct Deployments {
    endpoint: String,
    down: Command,
    /// Ours: the first deployment, and the next one.
    pub subjects: Vec<Subject>,
}

/// Starts an emulator of its own below `.baleen/bench/deploy`, and writes what the CDK is to deploy.
pub fn prepare(root: &Path, program: &Path, cdk: &Path) -> anyhow::Result<Deployments> {
    let folder = root.join(".baleen/bench/deploy");
    let environments = folder.join("environments");
    std::fs::create_dir_all(&environments)?;
    let environment = std::fs::read_to_string(root.join("environments/local.toml"))?;
    // Top-level keys come before the first table.
    let environment = environment.replacen("kind = \"local\"", "kind = \"local\"\nreferences = \"exports\"", 1);
    std::fs::write(environments.join("local.toml"), environment)?;

    let folder = folder.display().to_string();
    let baleen = |arguments: &[&str]| {
        let mut command = Command::new(program);
        command.args(["--root", &folder]).args(arguments);
        command
    };
    process::run(&mut baleen(&["local", "up"]))?;
    let status: Value = serde_json::from_str(&process::output(&mut baleen(&["local", "status", "--json"]))?)?;
    let Some(endpoint) = find(&status, "endpoint_url") else { bail!("the emulator tells no address: {status}") };
    let templates = Path::new(&folder).join("templates");
    process::run(&mut baleen(&["synth", "--env", "local", "--out", &templates.display().to_string()]))?;
    let assembly = Path::new(&folder).join("cdk.out");
    write_assembly(&templates, &assembly)?;

    let own = |what| Subject {
        what,
        shown: "baleen deploy --env local --yes".to_owned(),
        command: [&program.display().to_string(), "--root", &folder, "deploy", "--env", "local", "--yes"]
            .map(str::to_owned)
            .to_vec(),
        folder: root.to_owned(),
        environment: Vec::new(),
        exit_codes: &[0],
        peer_of: None,
    };
    let peer = |what, own| Subject {
        what,
        shown: format!("cdk deploy --all --concurrency {CONCURRENCY}"),
        command: ["node", "node_modules/aws-cdk/bin/cdk", "deploy", "--all", "--app", &assembly.display().to_string()]
            .into_iter()
            .chain(["--require-approval", "never", "--concurrency", CONCURRENCY, "--no-notices"])
            .map(str::to_owned)
            .collect(),
        folder: cdk.to_owned(),
        environment: vec![
            ("AWS_ENDPOINT_URL", endpoint.clone()),
            ("AWS_REGION", "ap-northeast-2".to_owned()),
            ("AWS_ACCESS_KEY_ID", "test".to_owned()),
            ("AWS_SECRET_ACCESS_KEY", "test".to_owned()),
            ("CDK_DISABLE_CLI_TELEMETRY", "true".to_owned()),
            ("CDK_DISABLE_VERSION_CHECK", "true".to_owned()),
        ],
        exit_codes: &[0],
        peer_of: Some(PeerOf { own, bar: Some(1.0) }),
    };
    let subjects = vec![
        own("first deployment to the local cloud"),
        own("deployment of all stacks, nothing to change"),
        peer("first deployment of the same templates by the CDK", 0),
        peer("the same by the CDK, nothing to change", 1),
    ];
    Ok(Deployments { endpoint, down: baleen(&["local", "down"]), subjects })
}

impl Deployments {
    /// Measures each command once: ours and the CDK's, each beginning with an emulator that has nothing.
    pub fn round(&self) -> anyhow::Result<Vec<Measurement>> {
        let of =
            |subject: &Subject| measure::of(subject).with_context(|| format!("cannot measure `{}`", subject.shown));
        let mut measured = Vec::new();
        for pair in self.subjects.chunks(2) {
            self.reset()?;
            for subject in pair {
                measured.push(of(subject)?);
            }
        }
        Ok(measured)
    }

    /// Stops the emulator.
    pub fn stop(mut self) -> anyhow::Result<()> {
        process::run(&mut self.down)
    }

    fn reset(&self) -> anyhow::Result<()> {
        let address = format!("{}/_ministack/reset", self.endpoint);
        process::output(Command::new("curl").args(["--silent", "--fail", "--request", "POST", &address]))?;
        Ok(())
    }
}

/// Finds the first text of this name, wherever it is.
fn find(value: &Value, name: &str) -> Option<String> {
    match value {
        Value::Object(map) => map
            .get(name)
            .and_then(Value::as_str)
            .map(str::to_owned)
            .or_else(|| map.values().find_map(|value| find(value, name))),
        Value::Array(list) => list.iter().find_map(|value| find(value, name)),
        _ => None,
    }
}

/// Writes a cloud assembly: the manifest that the CDK's command line reads, and the templates.
fn write_assembly(templates: &Path, assembly: &Path) -> anyhow::Result<()> {
    if assembly.exists() {
        std::fs::remove_dir_all(assembly)?;
    }
    std::fs::create_dir_all(assembly)?;
    let text = std::fs::read_to_string(templates.join("manifest.json")).context("cannot read the manifest")?;
    let manifest: Value = serde_json::from_str(&text)?;
    let mut artifacts = Map::new();
    for stack in manifest["stacks"].as_array().into_iter().flatten() {
        let (Some(name), Some(source)) = (stack["name"].as_str(), stack["template"].as_str()) else {
            bail!("a stack of the manifest has no name, or no template");
        };
        let file = format!("{name}.template.json");
        let template: Value = serde_json::from_str(&std::fs::read_to_string(templates.join(source))?)?;
        // Without white space: the CDK sends along what is small, and wants a bucket of its own for what is large.
        std::fs::write(assembly.join(&file), template.to_string())?;
        artifacts.insert(
            name.to_owned(),
            json!({
                "type": "aws:cloudformation:stack",
                "environment": "aws://000000000000/ap-northeast-2",
                "properties": {
                    "templateFile": file, "stackName": stack["stack_name"], "validateOnSynth": false,
                    "terminationProtection": false,
                },
                "dependencies": stack["depends_on"],
                "displayName": name,
            }),
        );
    }
    let manifest = json!({ "version": "44.0.0", "artifacts": artifacts });
    std::fs::write(assembly.join("manifest.json"), manifest.to_string())?;
    Ok(())
}
