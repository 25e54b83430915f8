mod fleets;

use std::path::{Path, PathBuf};

use super::{Environment, EnvironmentError, Kind, json_schema, names};

const LOCAL: &str = r#"
kind = "local"
account = "000000000000"
region = "ap-northeast-2"
local = { workers = 1 }

[recipe]
engine = "scale"
scale = 2

[recipe.encoding]
codec = "libx264"
quality = 18
preset = "medium"
pixel_format = "yuv420p"
container = "mp4"
"#;

fn environments() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../environments")
}

/// Says what is wrong with the small local environment once a text in it is replaced, or a text appended.
fn complaint(replaced: &str, by: &str) -> String {
    assert!(LOCAL.contains(replaced), "{replaced}");
    let text = if replaced.is_empty() { format!("{LOCAL}{by}") } else { LOCAL.replacen(replaced, by, 1) };
    complaint_about("local", &text)
}

/// Says what is wrong with an environment.
fn complaint_about(name: &str, text: &str) -> String {
    let findings = Environment::parse(name, &format!("{name}.toml"), text).unwrap_err();
    EnvironmentError::Invalid(findings).to_string()
}

#[test]
fn every_environment_is_sound() {
    for name in names(&environments()).unwrap() {
        let environment = Environment::load(&environments(), &name).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(environment.name, name);
        assert_eq!(environment.kind == Kind::Local, name == "local");
    }
}

#[test]
fn the_schema_is_that_of_the_types() {
    let written = std::fs::read_to_string(environments().join("schema.json")).unwrap();
    assert!(
        written == json_schema(),
        "environments/schema.json is stale: run `baleen schema > environments/schema.json`"
    );
}

#[test]
fn the_schema_describes_every_setting() {
    fn undescribed(at: &str, schema: &serde_json::Value, found: &mut Vec<String>) {
        for (name, property) in schema["properties"].as_object().into_iter().flatten() {
            if property.get("description").is_none() {
                found.push(format!("{at}.{name}"));
            }
        }
        for (name, definition) in schema["$defs"].as_object().into_iter().flatten() {
            undescribed(name, definition, found);
        }
    }
    let mut found = Vec::new();
    undescribed("", &serde_json::from_str(&json_schema()).unwrap(), &mut found);
    assert_eq!(found, Vec::<String>::new());
}

#[test]
fn what_cannot_be_read_is_shown_with_its_place() {
    for (replaced, by, expected) in [
        (
            "\"local\"",
            "\"lokal\"",
            "local.toml:2:8: unknown variant `lokal`, expected `aws` or `local` (did you mean `local`?)",
        ),
        (
            "\"scale\"",
            "\"skale\"",
            "local.toml:8:10: unknown variant `skale`, expected one of `bluewhale`, `walrus`, \
             `real-esrgan`, `swin-ir`, `scale` (did you mean `scale`?)",
        ),
        (
            "\"000000000000\"",
            "\"12345\"",
            "local.toml:3:11: `12345` is not an account id of 12 digits, such as `111122223333`",
        ),
        (
            "\"000000000000\"",
            "123456789012",
            "local.toml:3:11: invalid type: integer `123456789012`, expected a string",
        ),
        ("ap-northeast-2", "Seoul", "local.toml:4:10: `Seoul` is not the name of a region, such as `ap-northeast-2`"),
        (
            "workers = 1",
            "workers = -1",
            "local.toml:5:21: invalid value: integer `-1`, expected a whole number that is not negative",
        ),
        ("scale = 2", "scale = 5", "local.toml:9:9: scale 5 is not available; allowed: 2, 3, 4"),
        ("[recipe]", "[recipe", "local.toml:7:8: unclosed table, expected `]`"),
        ("", "[recipe]", "local.toml:17:2: duplicate key"),
        (
            "",
            "[times]\nvisibility = 30\n",
            "local.toml:18:1: unknown field `visibility`, expected one of `visibility_seconds`, `renewal_seconds`, \
             `chunk_timeout_seconds`, `title_timeout_seconds`, `job_timeout_seconds`, `work_expiry_days`, `release_seconds`, \
             `stall_seconds`, `receives`, `attempts`, `archive_days`, `job_expiry_days` (did you mean `visibility_seconds`?)",
        ),
    ] {
        assert_eq!(complaint(replaced, by), expected, "{by}");
    }
}

#[test]
fn a_section_that_is_not_known_is_shown_beside_those_that_are() {
    let complaint = complaint("region", "regoin");
    assert!(complaint.starts_with("local.toml:4:1: unknown field `regoin`, expected one of `kind`, "), "{complaint}");
    assert!(complaint.ends_with(" (did you mean `region`?)"), "{complaint}");
}

#[test]
fn what_is_missing_is_named() {
    let complaint = complaint("region = \"ap-northeast-2\"", "");
    assert!(complaint.ends_with("missing field `region`"), "{complaint}");
}

#[test]
fn what_does_not_go_together_is_shown_with_its_place() {
    for (replaced, by, expected) in [
        (
            "000000000000",
            "111122223333",
            "local.toml:3:1: account is `111122223333`, but a local environment's is `000000000000` (or set `kind = \"aws\"`)",
        ),
        (
            "ap-northeast-2",
            "us-gov-west-1",
            "local.toml:4:1: region `us-gov-west-1` is in a partition of its own; allowed: regions of the partition `aws` \
             (services, ARNs and endpoints are others there; such regions are not supported)",
        ),
        (
            "local = { workers = 1 }",
            "local = { workers = 1 }\napp = \"amazonas\"",
            "local.toml:6:1: app is `amazonas`, but names of commands that begin with `amazon` belong to AWS (choose \
             another name)",
        ),
        (
            "local = { workers = 1 }",
            "",
            "local.toml:2:1: a local environment needs `local` (say how many workers run: `local = { workers = 1 }`)",
        ),
        (
            "",
            "[times]\nvisibility_seconds = 60\n",
            "local.toml:18:1: times.renewal_seconds is 40, but must be at most a third of times.visibility_seconds, 60 \
             (a lease must survive two renewals that fail)",
        ),
        (
            "",
            "[times]\nwork_expiry_days = 3\n",
            "local.toml:18:1: times.job_timeout_seconds is 259200, but must be less than times.work_expiry_days, 3 (259200 \
             seconds) (or what a running job has made so far expires)",
        ),
        (
            "",
            "[storage]\nsources_expiry_days = 1\n",
            "local.toml:18:1: times.job_timeout_seconds is 259200, but must be less than storage.sources_expiry_days, 1 \
             (86400 seconds) (or the source of a running job expires)",
        ),
        (
            "local = { workers = 1 }",
            "local = { workers = 1 }\ntimes = { attempts = 20 }",
            "local.toml:6:11: times.attempts is 20, but must be less than times.receives, 20 (receives are only the backstop \
             of attempts)",
        ),
        (
            "preset = \"medium\"",
            "preset = \"p5\"",
            "local.toml:7:2: preset p5 is not one of libx264; allowed: ultrafast to veryslow",
        ),
        (
            "",
            "[jobs]\nsuffixes = [\".mp4\", \".MP4\"]",
            "local.toml:18:1: jobs.suffixes must name at least one ending, and each \
             once; upper and lower case are alike",
        ),
        (
            "",
            "[identity]\nworker_role_name = \"a b\"",
            "local.toml:18:1: identity.worker_role_name is `a b`; allowed: 1 to 64 letters, digits and `_+=,.@-`",
        ),
        (
            "",
            "[jobs]\nexecutor = \"run-command\"",
            "local.toml:18:1: jobs.executor `run-command` needs fleet.instances (say what instances there are, or leave the \
             work to agents)\nlocal.toml:8:1: there is no command for engine scale; allowed: bluewhale, walrus (leave the work \
             to agents: `jobs.executor = \"agent\"`)",
        ),
        ("", "[tags]\n\"aws:x\" = \"1\"", "local.toml:17:2: tag `aws:x`: keys that begin with `aws:` belong to AWS"),
    ] {
        assert_eq!(complaint(replaced, by), expected, "{by}");
    }
}

#[test]
fn all_that_does_not_go_together_is_shown_at_once() {
    let complaint = complaint("", "[times]\nvisibility_seconds = 60\nattempts = 0\njob_expiry_days = 14\n");
    assert_eq!(complaint.lines().count(), 3, "{complaint}");
}

#[test]
fn an_unknown_environment_lists_those_there_are() {
    let directory = tempfile::tempdir().unwrap();
    let error = |name: &str| Environment::load(directory.path(), name).unwrap_err().to_string();
    let place = directory.path().display();
    assert_eq!(error("dev"), format!("no environment `dev` in {place}; there are none"));
    for file in ["prod.toml", "dev.toml", "schema.json"] {
        std::fs::write(directory.path().join(file), "").unwrap();
    }
    assert_eq!(error("prd"), format!("no environment `prd` in {place}; there are `dev`, `prod`; did you mean `prod`?"));
    assert_eq!(error("x/../dev"), format!("no environment `x/../dev` in {place}; there are `dev`, `prod`"));
    assert!(error("dev").contains("missing field"), "{}", error("dev"));
}
