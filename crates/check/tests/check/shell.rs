//! What bash itself says of scripts, held against what the check says: of the scripts of `assets/`, and of mutations of
//! them, of which a third cannot be read.

use std::fmt::Write as _;
use std::io::Write as _;
use std::process::{Command, Stdio};

use check::{Template, check};
use serde_json::json;
use tree::{Origin, Tree};

static SCRIPTS: [&str; 8] = [
    include_str!("../../../../assets/work_folder.sh"),
    include_str!("../../../../assets/commands/aws-cli.sh"),
    include_str!("../../../../assets/commands/agent.sh"),
    include_str!("../../../../assets/commands/common.sh"),
    include_str!("../../../../assets/commands/diagnostics.sh"),
    include_str!("../../../../assets/commands/enhance.sh"),
    include_str!("../../../../assets/commands/media.sh"),
    include_str!("../../../../assets/commands/publish.sh"),
];

/// What mutations bring in, or take out.
static TOKENS: [&str; 33] = [
    "if", "then", "fi", "do", "done", "case", "esac", "in", "else", "elif", "{", "}", "(", ")", "[[", "]]", "\"", "'",
    "`", "$(", "${", "&&", "||", ";", ";;", "|", "<<EOF", "\n", "((", "))", "while", "!", "<",
];

/// How many mutations are made of each script.
const MUTATIONS: usize = 60;

/// Returns what the check finds in a script that an instance is sent.
fn found(script: &str) -> Option<String> {
    let step = json!({"action": "aws:runShellScript", "name": "Run", "inputs": {"runCommand": [script]}});
    let content = json!({"schemaVersion": "2.2", "mainSteps": [step]});
    let template = json!({"Resources": {"It": {"Type": "AWS::SSM::Document", "Properties": {"Content": content}}}});
    let tree = Tree::from_json(template, Origin::Unknown);
    let findings = check(&[Template { name: "example", tree: &tree }]);
    findings.into_iter().find(|finding| finding.rule == "shell/syntax").map(|finding| finding.message)
}

/// Returns what bash says when it reads a script and runs nothing of it.
fn said(script: &str) -> std::io::Result<String> {
    let mut bash = Command::new("bash");
    let bash = bash.args(["-n", "/dev/stdin"]).env("LC_ALL", "C").stdin(Stdio::piped()).stderr(Stdio::piped());
    let mut bash = bash.spawn()?;
    if let Some(mut stdin) = bash.stdin.take() {
        // Where it has found a fault it reads no more.
        let _ = stdin.write_all(script.as_bytes());
    }
    Ok(String::from_utf8_lossy(&bash.wait_with_output()?.stderr).into_owned())
}

/// Tells whether bash reads a script to its end, and says nothing of it.
///
/// Where arithmetic has no end `bash -n` only stops, and is content; then it does not see what is added behind either.
fn reads(script: &str) -> std::io::Result<bool> {
    Ok(said(script)?.is_empty() && !said(&format!("{script}\nfi\n"))?.is_empty())
}

/// Tells whether there is the bash that is meant; others read otherwise, and that of macOS is of 2007.
fn is_known_bash() -> bool {
    let version = Command::new("bash").args(["-c", "echo ${BASH_VERSINFO[0]}.${BASH_VERSINFO[1]}"]).output();
    version.is_ok_and(|output| output.stdout == b"5.2\n")
}

/// Numbers that look like drawn ones, always the same.
struct Draw(u64);

impl Draw {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap_or_default() % limit.max(1)
    }
}

/// Takes something out of a script, or puts something in.
fn mutated(script: &str, draw: &mut Draw) -> String {
    let kind = draw.below(3);
    let token = TOKENS[draw.below(TOKENS.len())];
    let places: Vec<usize> = match kind {
        0 => script.match_indices(token).map(|(at, _)| at).collect(),
        _ => script.char_indices().map(|(at, _)| at).collect(),
    };
    if places.is_empty() {
        return mutated(script, draw);
    }
    let (before, after) = script.split_at(places[draw.below(places.len())]);
    match kind {
        0 => [before, &after[token.len()..]].concat(),
        1 => [before, " ", token, " ", after].concat(),
        _ => [before, after.trim_start_matches(|first: char| after.starts_with(first)).trim_start()].concat(),
    }
}

#[test]
fn the_check_says_of_scripts_what_bash_says() {
    if !is_known_bash() {
        return;
    }
    let mut draw = Draw(1);
    let mut told = String::new();
    let mut refused = 0;
    for script in SCRIPTS {
        let script = format!("#!/bin/bash\n{}", script.trim_start_matches("#!/usr/bin/env bash\n"));
        assert_eq!(found(&script), None, "{script}");
        for _ in 0..MUTATIONS {
            let mutated = mutated(&script, &mut draw);
            let own = found(&mutated);
            refused += usize::from(own.is_some());
            // Without its first line it is for no shell that is known.
            if mutated.starts_with("#!/bin/bash\n") && own.is_none() != reads(&mutated).unwrap() {
                let lines = script.lines().zip(mutated.lines()).find(|(line, mutated)| line != mutated);
                writeln!(told, "{lines:?}: {own:?} here, {:?} by bash", said(&mutated).unwrap()).unwrap();
            }
        }
    }
    assert_eq!(told, "");
    assert!(refused > MUTATIONS, "{refused} mutations cannot be read: too few to say anything");
}
