//! Finds the agent that `cargo xtask bundle` has built for the instances.

use std::path::{Path, PathBuf};

use serde::Deserialize;
use sha2::{Digest, Sha256};
use stacks::fleet::{AGENT_SHA256, agent_key};
use template::Assembly;
use toolkit::{Asset, AssetSource};

use crate::error::{Error, Kind, Result};
use crate::session::Session;

/// The folder of the bundle, from the root of the checkout.
const FOLDER: &str = "out/bundle";

/// The version of the manifest's shape.
const VERSION: u32 = 1;

/// The processors of every instance type that a fleet may have.
const ARCHITECTURE: &str = "x86_64";

/// What was built: the file `manifest.json`.
#[derive(Debug, Deserialize)]
struct Manifest {
    version: u32,
    /// The sources' version.
    package: String,
    agents: Vec<Agent>,
}

/// A program in the bundle.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Agent {
    /// The processors it is for, called as AWS calls them.
    pub architecture: String,
    /// The file, from the folder of the manifest.
    pub file: PathBuf,
    /// Its length.
    pub bytes: u64,
    /// Its SHA-256, as hexadecimal digits.
    pub sha256: String,
    /// The oldest glibc that it runs with.
    pub glibc: String,
}

/// Returns the agent for instances; `None` if none was built.
pub fn find(root: &Path) -> Result<Option<Agent>> {
    let path = root.join(FOLDER).join("manifest.json");
    let text = match std::fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(unusable(&path, &error.to_string())),
    };
    let manifest: Manifest = serde_json::from_str(&text).map_err(|error| unusable(&path, &error.to_string()))?;
    if manifest.version != VERSION {
        return Err(unusable(&path, &format!("its shape has version {}, not {VERSION}", manifest.version)));
    }
    let own = env!("CARGO_PKG_VERSION");
    if manifest.package != own {
        return Err(unusable(&path, &format!("it is of version {}, and this is {own}", manifest.package)));
    }
    Ok(manifest.agents.into_iter().find(|agent| agent.architecture == ARCHITECTURE))
}

fn unusable(path: &Path, reason: &str) -> Error {
    Error::new(Kind::Failed, format!("the agent's bundle cannot be used: {}: {reason}", path.display()))
        .hint("build it again: `cargo xtask bundle`")
}

/// Says what deploying has to upload, and which parameter of the fleets takes its SHA-256.
fn asset(root: &Path, agent: &Agent) -> Asset {
    Asset {
        name: "agent".to_owned(),
        parameter: AGENT_SHA256.to_owned(),
        key: agent_key(&agent.sha256),
        source: AssetSource::File(root.join(FOLDER).join(&agent.file)),
        sha256: agent.sha256.clone(),
    }
}

/// Returns what stands for the agent in a rehearsal, for which nothing needs to be built.
pub fn stand_in() -> Asset {
    let bytes = b"an agent".to_vec();
    let sha256 = Sha256::digest(&bytes).iter().fold(String::new(), |text, byte| format!("{text}{byte:02x}"));
    Asset {
        name: "agent".to_owned(),
        parameter: AGENT_SHA256.to_owned(),
        key: agent_key(&sha256),
        source: AssetSource::Bytes(bytes),
        sha256,
    }
}

/// Finds what has to be uploaded for the stacks named, or for all: the agent, where there are instances that install it.
pub fn assets(session: &Session, assembly: &Assembly, names: &[String]) -> Result<Vec<Asset>> {
    if let Some(agent) = find(&session.root)? {
        return Ok(vec![asset(&session.root, &agent)]);
    }
    let stacks = toolkit::select(assembly, names)?;
    let needs_agent = stacks.iter().any(|stack| stack.template.find(["Parameters", AGENT_SHA256]).is_some());
    if needs_agent { Err(missing()) } else { Ok(Vec::new()) }
}

/// Says that there is no agent.
fn missing() -> Error {
    Error::new(Kind::Failed, "there is no agent to install on instances: it was not built")
        .hint("build it: `cargo xtask bundle`; the same sources make the same program, wherever they are built")
        .hint("or leave each fleet the agent that it has: `--keep-agent`")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(manifest: &str) -> Result<Option<Agent>> {
        let root = tempfile::tempdir().expect("a folder");
        std::fs::create_dir_all(root.path().join(FOLDER)).expect("made");
        std::fs::write(root.path().join(FOLDER).join("manifest.json"), manifest).expect("written");
        find(root.path())
    }

    #[test]
    fn the_agent_of_this_version_is_found() {
        assert_eq!(find(Path::new("/nowhere")).expect("no error"), None);
        let manifest = |version: u32, package: &str| {
            let agent = r#"{"architecture": "x86_64", "file": "x86_64/baleen-agent", "bytes": 3, "sha256": "ab", "glibc": "2.17"}"#;
            format!(r#"{{"version": {version}, "package": "{package}", "agents": [{agent}]}}"#)
        };
        let agent = found(&manifest(1, env!("CARGO_PKG_VERSION"))).expect("readable").expect("there");
        let asset = asset(Path::new("/checkout"), &agent);
        assert_eq!(asset.source, AssetSource::File("/checkout/out/bundle/x86_64/baleen-agent".into()));
        assert_eq!(asset.key, "agent/ab/baleen-agent");
        for wrong in [manifest(2, env!("CARGO_PKG_VERSION")), manifest(1, "0.0.0"), "{".to_owned()] {
            let error = found(&wrong).expect_err("unusable");
            assert!(error.hints.iter().any(|hint| hint.contains("cargo xtask bundle")), "{error:?}");
        }
    }
}
