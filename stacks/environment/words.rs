//! Says what the TOML parser and serde mean in the words of environment files.

use super::load::closest;

/// What to write where a setting is missing: the setting, and an example of it.
const EXAMPLES: [(&str, &str); 24] = [
    ("account", "account = \"111122223333\""),
    ("addresses", "addresses = \"10.20.0.0/16\""),
    ("certificate", "certificate = \"arn:aws:acm:us-east-1:...\""),
    ("codec", "codec = \"libx264\""),
    ("container", "container = \"mp4\""),
    ("egress", "egress = \"public\""),
    ("encoding", "[recipe.encoding]"),
    ("engine", "engine = \"scale\""),
    ("gamma", "gamma = 0.5"),
    ("gibibytes", "gibibytes = 200"),
    ("image", "image = { id = \"ami-0a1b2c3d4e5f67890\" }"),
    ("model", "model = \"a\""),
    ("name", "name = \"streams.example.com\""),
    ("pixel_format", "pixel_format = \"yuv420p\""),
    ("preset", "preset = \"medium\""),
    ("prompt", "prompt = \"generate\""),
    ("quality", "quality = 18"),
    ("recipe", "[recipe]"),
    ("region", "region = \"ap-northeast-2\""),
    ("scale", "scale = 2"),
    ("subnets", "subnets = [\"subnet-0a1b2c3d4e5f67890\", ...]"),
    ("types", "types = [\"g6e.xlarge\", \"g6e.2xlarge\"]"),
    ("volume", "volume = { gibibytes = 200 }"),
    ("workers", "workers = 1"),
];

/// Returns a message, and a hint if there is one, for what a parser says about what is written there.
pub(super) fn improved(message: &str, written: &str) -> (String, Option<String>) {
    let written = written.trim();
    let word = written.trim_matches('"');
    if message.starts_with("invalid type: unit variant") {
        return (format!("`{word}` has settings of its own, which are missing"), settings_of(word));
    }
    if message == "expected empty table" {
        return ("this has no settings of its own".to_owned(), Some("write only its name, in quotes".to_owned()));
    }
    if message.starts_with("wanted exactly 1 element") {
        return (format!("`{written}` must name one of the choices, and only one"), None);
    }
    if message.starts_with("duplicate key") {
        let hint = "keep one of the two, or join what stands in both".to_owned();
        return (format!("`{written}` stands twice"), Some(hint));
    }
    let message = message.replace("expected u32", "expected a whole number that is not negative");
    let hint = if message.starts_with("unknown ") {
        suggestion(&message)
    } else if let Some(field) = message.strip_prefix("missing field `").and_then(|rest| rest.strip_suffix('`')) {
        let example = EXAMPLES.iter().find(|(name, _)| *name == field);
        example.map(|(_, example)| format!("add it, such as `{example}`"))
    } else if message.starts_with("invalid type: ") && message.ends_with(", expected a string") {
        let is_number = !written.is_empty() && written.bytes().all(|byte| byte.is_ascii_digit());
        is_number.then(|| format!("put it in quotes: `\"{written}\"`"))
    } else {
        None
    };
    (message, hint)
}

/// Shows how to write an engine with its settings.
fn settings_of(engine: &str) -> Option<String> {
    let settings = match engine {
        "bluewhale" => "model = \"a\"",
        "walrus" => "gamma = 0.5, prompt = \"generate\"",
        _ => return None,
    };
    Some(format!("write `engine = {{ {engine} = {{ {settings} }} }}`"))
}

/// Suggests the closest allowed word where serde says "unknown field `x`, expected one of `a`, `b`", or the same of a
/// variant.
fn suggestion(message: &str) -> Option<String> {
    let mut words = message.split('`').skip(1).step_by(2);
    let given = words.next()?;
    closest(given, words).map(|closest| format!("did you mean `{closest}`?"))
}
