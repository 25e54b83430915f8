//! Installing the AWS CLI, and looking at an instance.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::Command;

use serde_json::{Value, json};

use crate::instance::{Ended, Instance, bluewhale, variables, write_program};
use crate::scripts::script;

const VERSION: &str = "2.36.42";
const SIGNED: &str =
    "[GNUPG:] VALIDSIG FB5DB77FD5C118B80511ADA8A6310ACC4672475C 2026-09-01 1788220800 0 4 0 1 10 00 X\n";

/// An installer that puts a program in its place that says its version.
const INSTALLER: &str = r#"#!/usr/bin/env bash
printf '%s\n' "$*" >> "$STAND_IN/installer"
mkdir --parents "$3"
printf '#!/usr/bin/env bash\necho "aws-cli/2.36.42 Python/3.14.0 Linux"\n' > "$3/aws"
chmod 755 "$3/aws"
"#;

/// Offers the AWS CLI for a machine.
fn offer(instance: &Instance, machine: &str, signature: &str) {
    let folder = tempfile::tempdir().unwrap();
    write_program(&folder.path().join("aws/install"), INSTALLER);
    let archive = "import sys, zipfile\n\
        entry = zipfile.ZipInfo('aws/install')\n\
        entry.external_attr = 0o100755 << 16\n\
        zipfile.ZipFile(sys.argv[1], 'w').writestr(entry, open('aws/install').read())\n";
    let name = instance.stand_in(&format!("web/awscli-exe-linux-{machine}-{VERSION}.zip"));
    let mut python = Command::new("python3");
    python.current_dir(folder.path()).args(["-c", archive]).arg(&name);
    assert!(python.status().unwrap().success());
    fs::write(name.with_extension("zip.sig"), signature).unwrap();
}

fn install(instance: &Instance, machine: &str) -> Ended {
    instance.run("install-aws-cli", &variables([("SSM_Version", VERSION), ("MACHINE", machine)]))
}

/// An instance that has everything but the AWS CLI.
fn without_aws_cli() -> Instance {
    let instance = Instance::new();
    instance.program("aws", "#!/usr/bin/env bash\nexit 127\n");
    instance
}

#[test]
fn who_enhances_has_the_aws_cli() {
    let instance = without_aws_cli();
    // What is offered is signed by someone else: that far it comes, and no further.
    offer(&instance, "x86_64", "");
    let variables = bluewhale([("MACHINE", "x86_64")]);
    instance.run("enhance-bluewhale", &variables).failed("internal", "is not signed by the AWS CLI team");
    let there = Instance::new();
    there.run("enhance-bluewhale", &bluewhale([])).failed("input", "404");
    assert_eq!(there.recorded("curl"), [] as [String; 0]);
}

#[test]
fn an_instance_that_starts_is_waited_for() {
    let instance = Instance::new();
    instance.program("cloud-init", "#!/usr/bin/env bash\nprintf '%s\\n' \"$*\" >> \"$STAND_IN/cloud-init\"\nexit 2\n");
    // That it started badly is no reason not to try.
    instance.run("enhance-bluewhale", &bluewhale([])).failed("input", "404");
    assert_eq!(instance.recorded("cloud-init"), ["status --wait"]);
}

#[test]
fn the_aws_cli_is_installed_once() {
    for machine in ["x86_64", "aarch64"] {
        let instance = Instance::new();
        offer(&instance, machine, SIGNED);
        let told =
            |ended: &Ended| -> Value { serde_json::from_str(&ended.output).unwrap_or_else(|_| panic!("{ended:?}")) };
        assert_eq!(told(&install(&instance, machine)), json!({ "version": VERSION, "changed": true }));
        let address = format!("https://awscli.amazonaws.com/awscli-exe-linux-{machine}-{VERSION}.zip");
        assert_eq!(instance.recorded("curl"), [address.clone(), format!("{address}.sig")]);

        assert_eq!(told(&install(&instance, machine)), json!({ "version": VERSION, "changed": false }));
        assert_eq!(instance.recorded("installer").len(), 1);
        assert_eq!(instance.recorded("curl").len(), 2);
    }
}

#[test]
fn what_is_not_signed_is_not_installed() {
    let other = SIGNED.replace("FB5DB77F", "0B5DB77F");
    for signature in ["[GNUPG:] BADSIG A6310ACC4672475C\n", other.as_str(), ""] {
        let instance = Instance::new();
        offer(&instance, "x86_64", signature);
        install(&instance, "x86_64").failed("internal", "is not signed by the AWS CLI team");
        assert_eq!(instance.recorded("installer"), [] as [String; 0]);
    }
}

#[test]
fn what_cannot_be_downloaded_or_does_not_exist_is_told() {
    install(&Instance::new(), "x86_64").failed("transient", "cannot download https://awscli.amazonaws.com/");
    install(&Instance::new(), "riscv64").failed("internal", "there is no AWS CLI for riscv64");
    let version = variables([("SSM_Version", "1.2.3"), ("MACHINE", "x86_64")]);
    Instance::new().run("install-aws-cli", &version).failed("internal", "parameter Version is '1.2.3'");
}

/// The key in the script is the one whose fingerprint is beside it.
#[test]
fn the_key_has_its_fingerprint() {
    let text = script("install-aws-cli");
    let (_, rest) = text.split_once("<< 'KEY'\n").unwrap();
    let (key, _) = rest.split_once("\nKEY\n").unwrap();
    let folder = tempfile::tempdir().unwrap();
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o700)).unwrap();
    let armoured = format!("-----BEGIN PGP PUBLIC KEY BLOCK-----\n\n{key}\n-----END PGP PUBLIC KEY BLOCK-----\n");
    fs::write(folder.path().join("key.asc"), armoured).unwrap();
    let mut gpg = Command::new("gpg");
    gpg.arg("--homedir").arg(folder.path()).args(["--batch", "--with-colons", "--show-keys"]);
    match gpg.arg(folder.path().join("key.asc")).output() {
        Ok(output) => {
            let told = String::from_utf8_lossy(&output.stdout).into_owned();
            assert!(told.contains("\nfpr:::::::::FB5DB77FD5C118B80511ADA8A6310ACC4672475C:\n"), "{told}");
        }
        Err(error) => assert_eq!(error.kind(), std::io::ErrorKind::NotFound, "{error}"),
    }
}

#[test]
fn diagnostics_show_no_secret() {
    let instance = Instance::new();
    let leak = "#!/usr/bin/env bash\n\
        echo 'found key AKIAIOSFODNN7EXAMPLE in use'\n\
        echo '{\"SecretAccessKey\": \"wJalrXUtnFEMI\", \"a\": 1}'\n\
        echo 'x-amz-security-token: IQoJb3JpZ2luX2Vj'\n\
        echo 'GET /x?X-Amz-Signature=deadbeefcafe'\n\
        echo 'Authorization: AWS4-HMAC-SHA256 Credential=ASIAABCDEFGHIJKLMNOP/x'\n\
        echo 'an ordinary line of the log'\n";
    instance.program("journalctl", leak);
    let secret = ("AWS_SECRET_ACCESS_KEY", "environmentsecret");
    let ended = instance.run("diagnostics", &variables([("SSM_Lines", "50"), secret, ("API_TOKEN", "tokensecret")]));
    assert_eq!(ended.code, Some(0), "{}", ended.errors);
    for secret in [
        "AKIAIOSFODNN7EXAMPLE",
        "wJalrXUtnFEMI",
        "IQoJb3JpZ2luX2Vj",
        "deadbeefcafe",
        "ASIAABCDEFGHIJKLMNOP",
        "environmentsecret",
        "tokensecret",
    ] {
        assert!(!ended.output.contains(secret), "{secret}: {}", ended.output);
    }
    for shown in ["== GPU\n0\n", "== disk\n", "== memory (MiB)\n", "aws-cli/2.36.42", "an ordinary line of the log"] {
        assert!(ended.output.contains(shown), "{shown}: {}", ended.output);
    }
}

#[test]
fn diagnostics_fit_what_run_command_keeps() {
    let instance = Instance::new();
    let endless = "#!/usr/bin/env bash\nyes 'a line that says nothing new'\n";
    for name in ["nvidia-smi", "journalctl", "systemctl", "df", "free", "uptime", "du", "amazon-ssm-agent"] {
        let text = if name == "journalctl" { "#!/usr/bin/env bash\nseq 100000\n" } else { endless };
        instance.program(name, text);
    }
    let ended = instance.run("diagnostics", &variables([("SSM_Lines", "999")]));
    assert_eq!(ended.code, Some(0), "{}", ended.errors);
    assert!(ended.output.len() <= 24_000, "{}", ended.output.len());
    assert!(ended.output.contains("\n100000\n"), "the end of a log is what is kept");
}
