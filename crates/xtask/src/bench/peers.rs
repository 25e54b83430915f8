//! The peers: pinned by lock files with hashes, and installed into `.baleen/bench/`.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, bail};

use super::templates::Work;
use super::{PeerOf, Subject};
use crate::{process, setup};

/// Where the apps of the peers are, from the root.
const APPS: &str = "benches/peers";

/// What is copied to where the packages are: Node looks for packages beside the file that asks for them.
const CDK_FILES: [&str; 4] = ["package.json", "package-lock.json", "app.js", "diff.js"];

/// The installed peers.
pub struct Peers {
    /// The folder of the CDK app and its packages.
    cdk: PathBuf,
    python: PathBuf,
    troposphere_app: PathBuf,
    cfn_lint: PathBuf,
}

pub fn install(root: &Path) -> anyhow::Result<Peers> {
    let apps = root.join(APPS);
    let requirements = std::fs::read_to_string(apps.join("troposphere/requirements.txt"))?;
    let python = setup::virtual_environment(&root.join(".baleen/bench/troposphere"), "troposphere", &requirements)?;
    Ok(Peers {
        cdk: install_cdk(root)?,
        python: python.join("python"),
        troposphere_app: apps.join("troposphere/app.py"),
        cfn_lint: setup::tools(root)?.join("cfn-lint"),
    })
}

/// Installs the CDK alone, and returns the folder of its packages.
pub fn install_cdk(root: &Path) -> anyhow::Result<PathBuf> {
    cdk(root, &root.join(APPS).join("cdk"))
}

fn cdk(root: &Path, app: &Path) -> anyhow::Result<PathBuf> {
    let folder = root.join(".baleen/bench/cdk");
    std::fs::create_dir_all(&folder)?;
    let lock = std::fs::read_to_string(app.join("package-lock.json"))?;
    let marker = folder.join("installed.json");
    for file in CDK_FILES {
        std::fs::copy(app.join(file), folder.join(file)).with_context(|| format!("cannot copy {file}"))?;
    }
    if std::fs::read_to_string(&marker).is_ok_and(|installed| installed == lock) {
        return Ok(folder);
    }
    if !process::works("npm", &["--version"]) {
        bail!("npm is missing, which installs the CDK\nhint: install Node.js 20 or later");
    }
    eprintln!("installing the CDK into {}", folder.display());
    process::run(Command::new("npm").current_dir(&folder).args([
        "ci",
        "--ignore-scripts",
        "--no-audit",
        "--no-fund",
        "--silent",
    ]))?;
    // Written last: a marker means that everything before it is there.
    std::fs::write(&marker, lock)?;
    Ok(folder)
}

impl Peers {
    /// Lists the commands that are compared with our first three: synth, check and diff.
    pub fn subjects(&self, work: &Work) -> Vec<Subject> {
        let text = |path: &Path| path.display().to_string();
        // The CDK's own checks of templates are left out: they take several times what the app takes.
        let unchecked = ("CDK_VALIDATION", "false".to_owned());
        let quiet =
            [("CDK_DISABLE_CLI_TELEMETRY", "true".to_owned()), ("CDK_DISABLE_VERSION_CHECK", "true".to_owned())];
        let cdk_out = text(&work.peer_out.join("cdk"));
        let mut lint =
            vec![text(&self.cfn_lint), "--non-zero-exit-code".to_owned(), "none".to_owned(), "--".to_owned()];
        lint.extend(work.prod_files.iter().map(|file| text(file)));
        vec![
            Subject {
                what: "synthesis of 94 resources in 4 stacks by the CDK, not checked",
                shown: "CDK_VALIDATION=false node app.js".to_owned(),
                command: vec!["node".to_owned(), "app.js".to_owned()],
                folder: self.cdk.clone(),
                environment: vec![unchecked.clone(), ("CDK_OUTDIR", cdk_out.clone())],
                exit_codes: &[0],
                peer_of: Some(PeerOf { own: 0, bar: Some(50.0) }),
            },
            Subject {
                what: "the same by its command line",
                shown: "CDK_VALIDATION=false cdk synth --quiet".to_owned(),
                command: [
                    "node",
                    "node_modules/aws-cdk/bin/cdk",
                    "synth",
                    "--quiet",
                    "--app",
                    "node app.js",
                    "--output",
                ]
                .map(str::to_owned)
                .into_iter()
                .chain([cdk_out])
                .collect(),
                folder: self.cdk.clone(),
                environment: quiet.into_iter().chain([unchecked]).collect(),
                exit_codes: &[0],
                peer_of: Some(PeerOf { own: 0, bar: None }),
            },
            Subject {
                what: "the same resources by troposphere, not checked",
                shown: "python app.py DIR".to_owned(),
                command: vec![
                    text(&self.python),
                    text(&self.troposphere_app),
                    text(&work.peer_out.join("troposphere")),
                ],
                folder: self.cdk.clone(),
                environment: Vec::new(),
                exit_codes: &[0],
                peer_of: Some(PeerOf { own: 0, bar: Some(10.0) }),
            },
            Subject {
                what: "check of all templates of prod by cfn-lint",
                shown: "cfn-lint prod/*.json".to_owned(),
                command: lint,
                folder: work.peer_out.clone(),
                environment: Vec::new(),
                exit_codes: &[0],
                peer_of: Some(PeerOf { own: 1, bar: Some(40.0) }),
            },
            Subject {
                what: "diff of the same templates by cloudformation-diff",
                shown: "node diff.js old new".to_owned(),
                command: vec!["node".to_owned(), "diff.js".to_owned(), text(&work.old), text(&work.new)],
                folder: self.cdk.clone(),
                environment: Vec::new(),
                exit_codes: &[0],
                peer_of: Some(PeerOf { own: 2, bar: Some(80.0) }),
            },
        ]
    }
}
