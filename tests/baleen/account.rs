//! What an account, and this machine, have: what commands say of it that ask no cloud.

use crate::harness::Checkout;

#[test]
fn doctor_says_what_this_machine_lacks() {
    let checkout = Checkout::new();
    insta::assert_snapshot!(checkout.run_with_programs(&["ffmpeg", "git"], &["doctor"]).to_string(), @"
    $ baleen doctor
    ✗ git           `git` does not run: exit status: 1
                    → install it: https://git-scm.com/downloads
    ✗ ffmpeg        `ffmpeg` does not run: exit status: 1
                    → install it: `sudo apt-get install ffmpeg` (Debian, Ubuntu), `brew install ffmpeg` (macOS)
    ✗ ffprobe       `ffprobe` cannot be run: No such file or directory (os error 2)
                    → install it: `sudo apt-get install ffmpeg` (Debian, Ubuntu), `brew install ffmpeg` (macOS)
    ✗ Python        the local cloud needs Python 3.10 or newer, and there is no `python3` on the PATH
                    → install Python: `sudo apt-get install python3 python3-venv` (Debian, Ubuntu), `brew install python3` (macOS)
    ? agent bundle  it was not built; environments with instances need it
                    → build it: `cargo xtask bundle`
    5 checks: 0 good, 4 wrong, 1 unknown
    [stderr]
    error: 4 things are not as they have to be
    [exit status 1]
    ");
}

#[test]
fn doctor_finds_the_agent_that_was_built() {
    let checkout = Checkout::new();
    let folder = checkout.path().join("out/bundle");
    std::fs::create_dir_all(&folder).expect("made");
    let sha256 = "0123456789abcdef".repeat(4);
    let version = env!("CARGO_PKG_VERSION");
    let manifest = format!(
        r#"{{"version": 1, "package": "{version}", "agents": [{{"architecture": "x86_64", "file": "x86_64/baleen-agent",
            "bytes": 12, "sha256": "{sha256}", "glibc": "2.17"}}]}}"#
    );
    std::fs::write(folder.join("manifest.json"), manifest).expect("written");
    let checks = checkout.json(&["doctor"])["checks"].clone();
    let checks = checks.as_array().expect("a list");
    let bundle = checks.iter().find(|check| check["name"] == "agent bundle").expect("looked at");
    assert_eq!(bundle["outcome"], "good");
    assert_eq!(bundle["detail"], "x86_64, 12 bytes, glibc 2.17 or newer, SHA-256 0123456789ab…");
}

#[test]
fn fleets_are_not_deployed_without_an_agent() {
    insta::assert_snapshot!(Checkout::new().run(&["deploy", "--env", "dev", "--yes"]).to_string(), @"
    $ baleen deploy --env dev --yes
    [stderr]
    error: there is no agent to install on instances: it was not built
    hint: build it: `cargo xtask bundle`; the same sources make the same program, wherever they are built
    hint: or leave each fleet the agent that it has: `--keep-agent`
    [exit status 1]
    ");
}

#[test]
fn links_of_the_console_are_printed() {
    let checkout = Checkout::new();
    insta::assert_snapshot!(checkout.run(&["open", "--env", "prod", "--print"]).to_string(), @"
    $ baleen open --env prod --print
    https://ap-northeast-2.console.aws.amazon.com/cloudformation/home?region=ap-northeast-2#/stacks?filteringStatus=active&filteringText=baleen-prod-
    [exit status 0]
    ");
    insta::assert_snapshot!(checkout.run(&["open", "dashboard", "--env", "prod", "--json"]).to_string(), @r#"
    $ baleen open dashboard --env prod --json
    {
      "url": "https://ap-northeast-2.console.aws.amazon.com/cloudwatch/home?region=ap-northeast-2#dashboards/dashboard/baleen-prod"
    }
    [exit status 0]
    "#);
    insta::assert_snapshot!(checkout.run(&["open", "nonsense", "--env", "dev"]).to_string(), @"
    $ baleen open nonsense --env dev
    [stderr]
    error: there is no page of `nonsense`
    hint: allowed: dashboard, workflow, table, sources, enhanced, streams, artifacts, player, bootstrap, deployer, network, identity, storage, notifications, commands, packaging, delivery, fleet-blue, fleet-green, router, jobs, observability
    [exit status 2]
    ");
    insta::assert_snapshot!(checkout.run(&["open", "--env", "local"]).to_string(), @"
    $ baleen open --env local
    [stderr]
    error: a local environment has no console
    hint: `baleen status --env local` shows its stacks
    [exit status 2]
    ");
}
