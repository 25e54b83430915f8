//! What the scripts are put together of.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use documents::ssm;
use template::{App, Raw, References, Settings};

fn assets() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../assets")
}

/// The commands and their pieces, as `assets/commands/README.md` has them.
fn commands() -> Vec<(String, Vec<String>)> {
    let text = fs::read_to_string(assets().join("commands/README.md")).unwrap();
    let quoted = |cell: &str| -> Vec<String> { cell.split('`').skip(1).step_by(2).map(str::to_owned).collect() };
    let rows = text.lines().filter_map(|line| {
        let (name, pieces) = line.strip_prefix("| ")?.split_once(" | ")?;
        let pieces: Vec<_> = quoted(pieces).into_iter().filter(|piece| is_script(piece)).collect();
        (!pieces.is_empty()).then(|| (quoted(name).concat(), pieces))
    });
    rows.collect()
}

fn is_script(name: &str) -> bool {
    Path::new(name).extension().is_some_and(|extension| extension == "sh")
}

fn assembled(pieces: &[String]) -> String {
    pieces.iter().map(|piece| fs::read_to_string(assets().join("commands").join(piece)).unwrap()).collect()
}

/// Puts a script together, its hole filled.
pub fn script(name: &str) -> String {
    let (_, pieces) = commands().into_iter().find(|(known, _)| known == name).unwrap();
    let unit = fs::read_to_string(assets().join("baleen-agent.service")).unwrap();
    assembled(&pieces).replace("<% include \"agent_unit\" %>", unit.trim_end())
}

#[test]
fn every_piece_belongs_to_a_command() {
    let mut named: Vec<_> = commands().into_iter().flat_map(|(_, pieces)| pieces).collect();
    named.sort();
    named.dedup();
    let entries = fs::read_dir(assets().join("commands")).unwrap().map(|entry| entry.unwrap().file_name());
    let mut there: Vec<_> = entries.map(|name| name.into_string().unwrap()).filter(|name| is_script(name)).collect();
    there.sort();
    assert_eq!(named, there);
    assert_eq!(commands().len(), 7);
    for (name, pieces) in commands() {
        assert_eq!(pieces[0], "common.sh", "{name}");
        assert_eq!(pieces[pieces.len() - 1], format!("{name}.sh"));
    }
}

#[test]
fn every_piece_begins_as_scripts_begin() {
    for (_, pieces) in commands() {
        for piece in pieces {
            let text = assembled(std::slice::from_ref(&piece));
            assert!(text.starts_with("#!/usr/bin/env bash\n# "), "{piece}");
            let first = text.lines().find(|line| !line.starts_with('#')).unwrap();
            assert_eq!(first, "set -euo pipefail", "{piece}");
        }
    }
}

/// Systems Manager takes `{{ }}` for a parameter, a script `<% %>` for its own; a document holds 64 KiB.
#[test]
fn every_script_fits_a_document() {
    for (name, pieces) in commands() {
        let mut app = App::new(Settings {
            name: "test".into(),
            environment: "test".into(),
            account: "111122223333".into(),
            region: "ap-northeast-2".into(),
            tags: vec![],
            references: References::Weak,
            termination_protection: false,
        });
        app.stack("commands", |stack| {
            let mut script = documents::script(assembled(&pieces));
            if name == "install-agent" {
                script = script.part("agent_unit", "[Unit]");
            }
            let document = ssm::command("Test", ssm::run_shell_script("Run", script));
            stack.add(
                "Document",
                Raw::new("AWS::SSM::Document").value("Content", template::IntoValue::into_value(document)),
            );
        });
        let assembly = app.synth().unwrap_or_else(|findings| panic!("{name}: {}", findings[0].message));
        let content = assembly.stacks[0].template.find(["Resources", "Document", "Properties", "Content"]).unwrap();
        let bytes = content.to_json().to_string().len();
        assert!(bytes < 60 * 1024, "{name}: {bytes}");
    }
}

#[test]
fn shellcheck_has_nothing_to_say() {
    let own = assets().join("../.baleen/tools/bin/shellcheck");
    let program = if own.exists() { own } else { PathBuf::from("shellcheck") };
    let folder = tempfile::tempdir().unwrap();
    for (name, _) in commands() {
        let path = folder.path().join(format!("{name}.sh"));
        fs::write(&path, script(&name)).unwrap();
        match Command::new(&program).arg(&path).output() {
            Ok(output) => assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout)),
            // The lint stage brings it, and looks at each piece.
            Err(error) => assert_eq!(error.kind(), std::io::ErrorKind::NotFound, "{error}"),
        }
    }
}

#[test]
fn exit_codes_are_the_kinds_of_failure() {
    let codes = job::ErrorKind::ALL.map(|kind| format!("[{kind}]={}", kind.exit_code()));
    let line = format!("declare -rA EXIT_CODES=({})", codes.join(" "));
    assert!(assembled(&["common.sh".to_owned()]).contains(&line), "{line}");
}
