//! What commands say that need no cloud.

use crate::harness::Checkout;

/// What the tool says, on both streams, and its exit status.
fn said(arguments: &[&str]) -> String {
    Checkout::new().run(arguments).to_string()
}

#[test]
fn list_shows_the_environments() {
    insta::assert_snapshot!(said(&["list"]), @"
    $ baleen list
    ENVIRONMENT  KIND   ACCOUNT       REGION
    dev          aws    111122223333  ap-northeast-2
    local        local  000000000000  ap-northeast-2
    prod         aws    444455556666  ap-northeast-2
    [exit status 0]
    ");
}

#[test]
fn list_shows_the_stacks_of_one() {
    insta::assert_snapshot!(said(&["list", "--env", "local"]), @"
    $ baleen list --env local
    STACK          NAME                        RESOURCES  DEPENDS ON
    bootstrap      baleen-local-bootstrap      3
    identity       baleen-local-identity       5
    storage        baleen-local-storage        13         identity
    notifications  baleen-local-notifications  7          identity
    fleet-blue     baleen-local-fleet-blue     14         identity, notifications
    fleet-green    baleen-local-fleet-green    14         identity, notifications
    router         baleen-local-router         2          identity
    jobs           baleen-local-jobs           18         identity, storage, notifications, fleet-blue, fleet-green, router
    [exit status 0]
    ");
}

#[test]
fn command_list_shows_what_instances_can_be_told() {
    insta::assert_snapshot!(said(&["command", "list", "--env", "dev"]), @"
    $ baleen command list --env dev
    DOCUMENT          WHAT IT DOES                                                              NEEDS
    InstallAwsCli     Installs the AWS CLI
    EnhanceBluewhale  Enhances one video with BLUEDOT Bluewhale                                 SourceBucket, SourceKey, OutputBucket, OutputKey
    EnhanceWalrus     Enhances one video with BLUEDOT Walrus                                    SourceBucket, SourceKey, OutputBucket, OutputKey, Gamma, Prompt
    InstallAgent      Installs the agent and starts it                                          AgentKey, AgentSha256, App, Environment, Colour, TaskQueue, JobTable
    UpgradeAgent      Puts another version in the place of the agent                            AgentKey, AgentSha256
    DrainAgent        Lets the agent finish the task at hand, and stops it
    Diagnostics       Shows what a person looks at first when an instance does not do its work
    [exit status 0]
    ");
}

#[test]
fn the_environment_may_stand_anywhere() {
    let checkout = Checkout::new();
    let before = checkout.run(&["--env", "dev", "--json", "list"]).success();
    let after = checkout.run(&["list", "--json", "--env", "dev"]).success();
    assert_eq!(before.stdout, after.stdout);
}

#[test]
fn check_says_that_nothing_is_wrong() {
    let checked = Checkout::new().run(&["check", "--env", "dev"]).success();
    assert!(checked.stdout.starts_with("dev: 14 stacks, ") && checked.stdout.contains(": no findings, "), "{checked}");
}

#[test]
fn an_environment_has_to_be_named() {
    insta::assert_snapshot!(said(&["synth"]), @"
    $ baleen synth
    [stderr]
    error: no environment is given
    hint: add `--env NAME`; there are dev, local, prod
    [exit status 2]
    ");
}

#[test]
fn an_unknown_environment_is_answered_with_the_known_ones() {
    insta::assert_snapshot!(said(&["check", "--env", "locl"]), @"
    $ baleen check --env locl
    [stderr]
    error: no environment `locl` in environments; there are `dev`, `local`, `prod`; did you mean `local`?
    [exit status 2]
    ");
}

#[test]
fn an_unknown_stack_is_answered_with_the_known_ones() {
    insta::assert_snapshot!(said(&["deploy", "storge", "--env", "local"]), @"
    $ baleen deploy storge --env local
    [stderr]
    error: there is no stack `storge` in environment `local`; its stacks are bootstrap, identity, storage, notifications, fleet-blue, fleet-green, router, jobs
    hint: did you mean `storage`?
    [exit status 2]
    ");
}

#[test]
fn errors_are_json_under_json() {
    insta::assert_snapshot!(said(&["synth", "storge", "--env", "dev", "--json"]), @r#"
    $ baleen synth storge --env dev --json
    [stderr]
    {"error":{"kind":"usage","message":"there is no stack `storge` in environment `dev`; its stacks are bootstrap, deployer, network, identity, storage, notifications, commands, packaging, delivery, fleet-blue, fleet-green, router, jobs, observability","hints":["did you mean `storage`?"]}}
    [exit status 2]
    "#);
}

#[test]
fn an_unknown_command_is_answered_with_a_similar_one() {
    insta::assert_snapshot!(said(&["deplyo", "--env", "dev"]), @r#"
        $ baleen deplyo --env dev
        [stderr]
        error: unrecognized subcommand 'deplyo'

          tip: a similar subcommand exists: 'deploy'

        Usage: baleen [OPTIONS] <COMMAND>

        For more information, try '--help'.
        [exit status 2]
    "#);
}

#[test]
fn a_parameter_has_a_form() {
    insta::assert_snapshot!(said(&["deploy", "--env", "dev", "--parameter", "Minimum=2"]), @r#"
        $ baleen deploy --env dev --parameter Minimum=2
        [stderr]
        error: invalid value 'Minimum=2' for '--parameter <STACK.NAME=VALUE>': write it as STACK.NAME=VALUE, such as `fleet-blue.Minimum=2`

        For more information, try '--help'.
        [exit status 2]
    "#);
}

#[test]
fn a_video_that_is_not_there_is_found_before_the_cloud_is_asked() {
    insta::assert_snapshot!(said(&["submit", "missing.mp4", "--env", "dev"]), @r#"
        $ baleen submit missing.mp4 --env dev
        [stderr]
        error: cannot read missing.mp4: No such file or directory (os error 2)
        [exit status 1]
    "#);
}

#[test]
fn a_key_that_would_not_become_a_job_is_refused() {
    insta::assert_snapshot!(said(&["submit", "environments/dev.toml", "--env", "dev"]), @r#"
        $ baleen submit environments/dev.toml --env dev
        [stderr]
        error: "dev.toml" does not become a job: uploads do if they end with .mp4, .mov, .mkv, .webm, .ts, .mxf, .avi
        hint: give it another key (`--key NAME.mp4`), or add the ending to `jobs.suffixes`
        [exit status 2]
    "#);
}

#[test]
fn a_key_that_s3_cannot_hold_is_refused() {
    insta::assert_snapshot!(said(&["submit", "environments/dev.toml", "--key", "../dev.mp4", "--env", "dev"]), @r#"
        $ baleen submit environments/dev.toml --key ../dev.mp4 --env dev
        [stderr]
        error: the key "../dev.mp4" leads out of the bucket: S3 refuses a `..` that goes above its beginning
        hint: give it another key (`--key NAME.mp4`)
        [exit status 2]
    "#);
}

#[test]
fn a_result_needs_a_place_that_may_be_replaced() {
    let checkout = Checkout::new();
    std::fs::write(checkout.path().join("clip.mp4"), "video").expect("written");
    let said = ["-", "clip.mp4", "missing/enhanced.mp4"]
        .map(|output| checkout.run(&["submit", "clip.mp4", "--output", output, "--env", "dev"]).to_string());
    insta::assert_snapshot!(said.join(""), @r#"
        $ baleen submit clip.mp4 --output - --env dev
        [stderr]
        error: the result cannot be written to `-`: standard output is not supported
        hint: name a file or a folder; `./-` is a file of this name
        [exit status 2]
        $ baleen submit clip.mp4 --output clip.mp4 --env dev
        [stderr]
        error: clip.mp4 is the video itself: the result would replace it
        hint: name another file, or a folder
        [exit status 2]
        $ baleen submit clip.mp4 --output missing/enhanced.mp4 --env dev
        [stderr]
        error: there is no folder missing
        hint: make it first, or name another
        [exit status 2]
    "#);
    assert_eq!(std::fs::read(checkout.path().join("clip.mp4")).expect("readable"), b"video");
}

#[test]
fn an_empty_id_is_no_job() {
    insta::assert_snapshot!(said(&["jobs", "", "--env", "dev"]), @r#"
        $ baleen jobs  --env dev
        [stderr]
        error: a value is required for '[ID]' but none was supplied

        For more information, try '--help'.
        [exit status 2]
    "#);
}

#[test]
fn outside_of_a_checkout_it_says_so() {
    let empty = tempfile::tempdir().expect("a temporary folder");
    let output = Checkout::new().run(&["list", "--root", empty.path().to_str().expect("UTF-8")]);
    assert_eq!(output.code, Some(2), "{output}");
    assert!(output.stderr.contains("cannot read") && output.stderr.contains("environments"), "{output}");
}

#[test]
fn synth_writes_what_it_names() {
    let checkout = Checkout::new();
    insta::assert_snapshot!(said_and_wrote(&checkout), @"
    $ baleen synth --env local --out out
    out/bootstrap.template.json
    out/identity.template.json
    out/storage.template.json
    out/notifications.template.json
    out/fleet-blue.template.json
    out/fleet-green.template.json
    out/router.template.json
    out/jobs.template.json
    out/manifest.json
    [exit status 0]
    bootstrap.template.json
    fleet-blue.template.json
    fleet-green.template.json
    identity.template.json
    jobs.template.json
    manifest.json
    notifications.template.json
    router.template.json
    storage.template.json
    ");
}

fn said_and_wrote(checkout: &Checkout) -> String {
    let output = checkout.run(&["synth", "--env", "local", "--out", "out"]);
    let mut files: Vec<_> = std::fs::read_dir(checkout.path().join("out"))
        .expect("readable")
        .map(|entry| entry.expect("readable").file_name().to_string_lossy().into_owned())
        .collect();
    files.sort();
    format!("{output}{}\n", files.join("\n"))
}

#[test]
fn synth_gives_one_template_as_it_is_and_several_by_stack() {
    let checkout = Checkout::new();
    let one = checkout.json(&["synth", "storage", "--env", "dev"]);
    assert_eq!(one["AWSTemplateFormatVersion"], "2010-09-09");
    let two = checkout.json(&["synth", "storage", "jobs", "--env", "dev"]);
    assert_eq!(two["storage"], one);
    assert_eq!(two.as_object().map(serde_json::Map::len), Some(2));
}

#[test]
fn a_folder_with_someone_elses_manifest_is_left_alone() {
    let checkout = Checkout::new();
    std::fs::create_dir(checkout.path().join("site")).expect("created");
    std::fs::write(checkout.path().join("site/manifest.json"), r#"{"name":"my site"}"#).expect("written");
    let output = checkout.run(&["synth", "--env", "dev", "--out", "site"]);
    insta::assert_snapshot!(output.to_string(), @r#"
        $ baleen synth --env dev --out site
        [stderr]
        error: site/manifest.json is not a manifest that was written here, and is not overwritten
        hint: choose another folder with `--out`
        [exit status 1]
    "#);
}

#[test]
fn commands_are_for_environments_that_have_instances() {
    insta::assert_snapshot!(said(&["command", "list", "--env", "local"]), @r#"
        $ baleen command list --env local
        [stderr]
        error: environment `local` has no stack `commands`
        hint: commands run on instances of EC2: choose an environment that has some
        [exit status 2]
    "#);
}

#[test]
fn a_command_needs_instances_by_id_or_by_tag() {
    insta::assert_snapshot!(said(&["command", "run", "diagnostics", "--env", "local"]), @r#"
        $ baleen command run diagnostics --env local
        [stderr]
        error: the following required arguments were not provided:
          <--instance <ID>|--tag <KEY=VALUE>>

        Usage: baleen command run --env <NAME> <--instance <ID>|--tag <KEY=VALUE>> <DOCUMENT>

        For more information, try '--help'.
        [exit status 2]
    "#);
    let both = ["command", "run", "diagnostics", "--instance", "i-1", "--tag", "colour=blue", "--env", "local"];
    insta::assert_snapshot!(said(&both), @r#"
        $ baleen command run diagnostics --instance i-1 --tag colour=blue --env local
        [stderr]
        error: the argument '--instance <ID>' cannot be used with '--tag <KEY=VALUE>'

        Usage: baleen command run --env <NAME> <--instance <ID>|--tag <KEY=VALUE>> <DOCUMENT>

        For more information, try '--help'.
        [exit status 2]
    "#);
    let misspelt = ["command", "run", "diagnostics", "--instance", "i-1", "--param", "Lines", "--env", "local"];
    insta::assert_snapshot!(said(&misspelt), @r#"
        $ baleen command run diagnostics --instance i-1 --param Lines --env local
        [stderr]
        error: invalid value 'Lines' for '--param <NAME=VALUE>': write a name, `=` and a value

        For more information, try '--help'.
        [exit status 2]
    "#);
}

#[test]
fn schema_is_the_one_that_editors_use() {
    let schema = Checkout::new().run(&["schema"]).success();
    let path = crate::harness::repository().join("environments/schema.json");
    if std::env::var_os("UPDATE_SNAPSHOTS").is_some() {
        std::fs::write(&path, &schema.stdout).expect("written");
    }
    assert_eq!(
        schema.stdout,
        std::fs::read_to_string(path).expect("readable"),
        "run: baleen schema > environments/schema.json"
    );
}

#[test]
fn completions_know_the_commands() {
    for shell in ["bash", "zsh", "fish"] {
        let script = Checkout::new().run(&["completions", shell]).success().stdout;
        assert!(script.contains("destroy") && script.contains("submit"), "{shell}");
    }
}

#[test]
fn a_reader_who_goes_away_is_no_error() {
    let checkout = Checkout::new();
    let command = format!("'{}' synth --env dev | head -n 1", env!("CARGO_BIN_EXE_baleen"));
    let mut shell = std::process::Command::new("bash");
    let output =
        shell.args(["-o", "pipefail", "-c", &command]).current_dir(checkout.path()).output().expect("bash runs");
    assert!(output.status.success(), "{output:?}");
    assert_eq!((output.stdout.as_slice(), output.stderr.as_slice()), (&b"{\n"[..], &b""[..]));
}

#[test]
fn without_ffmpeg_it_says_what_to_install() {
    let output = Checkout::new().run_with_programs(&["python3"], &["deploy", "--env", "local", "--yes"]);
    insta::assert_snapshot!(output.to_string(), @r#"
        $ baleen deploy --env local --yes
        [stderr]
        error: the workers on this machine need FFmpeg, and there is no `ffmpeg` on the PATH
        hint: install it: `sudo apt-get install ffmpeg` (Debian, Ubuntu), `brew install ffmpeg` (macOS)
        [exit status 1]
    "#);
}

#[test]
fn without_python_it_says_what_to_install() {
    let output = Checkout::new().run_with_programs(&["ffmpeg", "ffprobe"], &["deploy", "--env", "local", "--yes"]);
    insta::assert_snapshot!(output.to_string(), @r#"
        $ baleen deploy --env local --yes
        [stderr]
        local: installing the emulator, ministack 1.5.33, into [ROOT]/.baleen/local/venv (once)
        error: the local cloud needs Python 3.10 or newer, and there is no `python3` on the PATH
        hint: install Python: `sudo apt-get install python3 python3-venv` (Debian, Ubuntu), `brew install python3` (macOS)
        [exit status 1]
    "#);
}

/// Instances have a program of its own, which says the same; what installs it asks for its version before it is started.
#[test]
fn the_agent_says_its_version() {
    let checkout = Checkout::new();
    let version = checkout.run(&["agent", "--version"]).success();
    assert_eq!(version.stdout, concat!("baleen-agent ", env!("CARGO_PKG_VERSION"), "\n"));
    assert!(checkout.run(&["agent", "--help"]).success().stdout.contains("--queue <URL>"));
}

#[test]
fn an_environment_that_cannot_be_read_does_not_hide_the_others() {
    let checkout = Checkout::new();
    std::fs::write(checkout.path().join("environments/UP.toml"), "").expect("written");
    std::fs::write(checkout.path().join("environments/broken.toml"), "account = 1\n").expect("written");
    insta::assert_snapshot!(checkout.run(&["list"]).to_string(), @r#"
        $ baleen list
        ENVIRONMENT  KIND   ACCOUNT       REGION
        dev          aws    111122223333  ap-northeast-2
        local        local  000000000000  ap-northeast-2
        prod         aws    444455556666  ap-northeast-2
        [stderr]
        error: invalid type: integer `1`, expected a string
          --> environments/broken.toml:1:11
          rule: environment/value
          hint: put it in quotes: `"1"`
        error: not listed: `UP`, `broken`
        hint: environments/UP.toml cannot be an environment: `UP` is not made of lower case letters, digits and hyphens, a letter first, at most 32, such as `baleen`
        [exit status 2]
    "#);
}

#[test]
fn a_wrong_environment_has_a_message_under_json() {
    let checkout = Checkout::new();
    checkout.edit("dev", |text| text.replace("\"111122223333\"", "111122223333"));
    let output = checkout.run(&["check", "--env", "dev", "--json"]);
    let error: serde_json::Value = serde_json::from_str(&output.stderr).expect("JSON");
    assert_eq!(error["error"]["message"], "invalid type: integer `111122223333`, expected a string", "{output}");
}

#[test]
fn a_parameter_that_no_stack_has_is_found_before_the_cloud_is_asked() {
    insta::assert_snapshot!(said(&["deploy", "--env", "local", "--parameter", "nope.Nope=1"]), @r#"
        $ baleen deploy --env local --parameter nope.Nope=1
        [stderr]
        error: there is no stack `nope` in environment `local`; its stacks are bootstrap, identity, storage, notifications, fleet-blue, fleet-green, router, jobs
        [exit status 2]
    "#);
}

#[test]
fn the_agent_talks_to_no_emulator_elsewhere() {
    let arguments = ["agent", "--queue", "q", "--table", "t", "--work-folder", "w", "--colour", "blue", "--name", "n"];
    for url in [
        "http://192.0.2.1:1",
        "https://127.0.0.1:1",
        "http://127.0.0.1.example.com:1",
        "http://127.0.0.1:1@192.0.2.1:1",
    ] {
        let output = Checkout::new().run(&[&arguments[..], &["--endpoint-url", url]].concat());
        assert_eq!(output.code, Some(2), "{output}");
        assert!(output.stderr.contains("allowed: `http://`, an address of this machine"), "{output}");
    }
}
