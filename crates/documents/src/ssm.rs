//! Command documents of Systems Manager, schema version 2.2: what Run Command does on an instance.
//!
//! Text parameters reach the script as environment variables, `SSM_<name>`, never as text inside of it: a value cannot
//! become a command. The SSM agent does so from version 3.3.2746.0; an older one leaves the variables out, so scripts
//! begin with `set -u`, which stops there.
//!
//! ```
//! use documents::{script, ssm};
//! # use template::{IntoValue, Json};
//! # fn slot(content: impl IntoValue<Json>) {}
//!
//! let enhance = script("#!/bin/bash\nset -euo pipefail\nexec baleen-enhance --job \"$SSM_JobId\"\n");
//! slot(ssm::command("Enhances one title", ssm::run_shell_script("Enhance", enhance).timeout_seconds(86_400))
//!     .parameter("JobId", ssm::text("The job's id").allowed_pattern("^[0-9a-f]{32}$")));
//! ```
//!
//! See "Data elements and parameters" in the Systems Manager user guide.

use template::{Expression, IntoValue, Json, Value};
use tree::Origin;

use crate::script::Script;

/// The longest time that a command may take, in seconds: two days.
const LONGEST_TIMEOUT: u32 = 172_800;

/// A Command document; made by [`command`].
#[derive(Clone, Debug)]
pub struct CommandDocument {
    description: String,
    parameters: Vec<(String, CommandParameter, Origin)>,
    steps: Vec<ShellScript>,
    origin: Origin,
}

/// A parameter of a Command document; made by [`text`], [`integer`] and [`boolean`].
#[derive(Clone, Debug)]
pub struct CommandParameter {
    kind: &'static str,
    fields: Vec<(&'static str, Expression)>,
}

/// A step that runs a shell script on Linux; made by [`run_shell_script`].
#[derive(Clone, Debug)]
pub struct ShellScript {
    name: String,
    script: Script,
    timeout_seconds: Option<u32>,
    working_directory: Option<String>,
    origin: Origin,
}

/// Makes a Command document of its first step. The description says what it is for.
#[track_caller]
pub fn command(description: impl Into<String>, step: ShellScript) -> CommandDocument {
    CommandDocument {
        description: description.into(),
        parameters: Vec::new(),
        steps: vec![step],
        origin: Origin::caller(),
    }
}

/// Makes a step that runs a shell script: `aws:runShellScript`, on Linux only.
///
/// A first line with `#!` says which shell runs it, otherwise `sh` does.
#[track_caller]
pub fn run_shell_script(name: impl Into<String>, script: Script) -> ShellScript {
    let name = name.into();
    ShellScript { name, script, timeout_seconds: None, working_directory: None, origin: Origin::caller() }
}

/// Makes a text parameter. The script reads it as `$SSM_<name>`.
///
/// ```
/// # use documents::ssm;
/// let key = ssm::text("The source object's key, as base64url").allowed_pattern("^[A-Za-z0-9_-]+$");
/// ```
pub fn text(description: &str) -> CommandParameter {
    let mut parameter = CommandParameter::new("String", description);
    parameter.fields.push(("interpolationType", Expression::string("ENV_VAR")));
    parameter
}

/// Makes a parameter that is a whole number. The script has it as `{{ <name> }}`.
pub fn integer(description: &str) -> CommandParameter {
    CommandParameter::new("Integer", description)
}

/// Makes a parameter that is `true` or `false`. The script has it as `{{ <name> }}`.
pub fn boolean(description: &str) -> CommandParameter {
    CommandParameter::new("Boolean", description)
}

impl CommandDocument {
    /// Adds a parameter: letters, digits and `_`.
    #[track_caller]
    pub fn parameter(mut self, name: impl Into<String>, parameter: CommandParameter) -> Self {
        self.parameters.push((name.into(), parameter, Origin::caller()));
        self
    }

    /// Adds a step after the others.
    pub fn step(mut self, step: ShellScript) -> Self {
        self.steps.push(step);
        self
    }
}

impl CommandParameter {
    fn new(kind: &'static str, description: &str) -> Self {
        Self { kind, fields: vec![("description", Expression::string(description))] }
    }

    /// Sets the value that is taken where none is given.
    pub fn default_value(self, value: impl IntoValue<String>) -> Self {
        self.field("default", value.into_value().into_expression())
    }

    /// Sets the regular expression that a value must match.
    pub fn allowed_pattern(self, pattern: &str) -> Self {
        self.field("allowedPattern", Expression::string(pattern))
    }

    /// Sets the values that may be given.
    pub fn allowed_values<V: IntoValue<String>>(self, values: impl IntoIterator<Item = V>) -> Self {
        let values = values.into_iter().map(|value| value.into_value().into_expression());
        self.field("allowedValues", Expression::list(values))
    }

    /// Sets the greatest length, in characters.
    pub fn max_chars(self, characters: u32) -> Self {
        self.field("maxChars", Expression::integer(characters.into()))
    }

    fn field(mut self, name: &'static str, value: Expression) -> Self {
        self.fields.push((name, value));
        self
    }
}

impl ShellScript {
    /// Sets how long the script may take (default one hour, at most two days).
    pub fn timeout_seconds(mut self, seconds: u32) -> Self {
        self.timeout_seconds = Some(seconds);
        self
    }

    /// Sets the folder that the script runs in.
    pub fn working_directory(mut self, path: impl Into<String>) -> Self {
        self.working_directory = Some(path.into());
        self
    }

    fn lower(self, parameters: &[(String, CommandParameter, Origin)]) -> Expression {
        let timeout = match self.timeout_seconds {
            Some(seconds) if !(1..=LONGEST_TIMEOUT).contains(&seconds) => {
                let message = format!("step `{}` may take {seconds} seconds", self.name);
                Expression::invalid(message, format!("allow 1 to {LONGEST_TIMEOUT}")).at(self.origin)
            }
            // The service wants a string, so that a parameter may stand here.
            Some(seconds) => Expression::string(seconds.to_string()),
            None => Expression::absent(),
        };
        let script = &self.script;
        let lines = match script.render() {
            Ok(text) => misplaced(&text, parameters).unwrap_or_else(|| script.lines(&text)),
            Err(mistake) => mistake,
        };
        let inputs = [
            ("timeoutSeconds", timeout),
            ("workingDirectory", self.working_directory.map_or_else(Expression::absent, Expression::string)),
            ("runCommand", lines.at(script.origin())),
        ];
        let linux = ["platformType", "Linux"].map(Expression::string);
        let fields = [
            ("action", Expression::string("aws:runShellScript")),
            ("name", Expression::string(self.name)),
            ("precondition", Expression::map([("StringEquals", Expression::list(linux))])),
            ("inputs", Expression::map(inputs)),
        ];
        Expression::map(fields).at(self.origin)
    }
}

/// Looks for `{{ name }}` in a script: it must be a parameter, and not one that is text.
fn misplaced(script: &str, parameters: &[(String, CommandParameter, Origin)]) -> Option<Expression> {
    for piece in script.split("{{").skip(1) {
        let Some((name, _)) = piece.split_once("}}") else { continue };
        let name = name.trim();
        let (message, hint) = match parameters.iter().find(|(known, ..)| known == name) {
            Some((_, parameter, _)) if parameter.kind == "String" => (
                format!("the script takes parameter `{name}` as text, by `{{{{ {name} }}}}`"),
                format!("write \"$SSM_{name}\", so that no value can become a command"),
            ),
            Some(_) => continue,
            None => (
                format!("the script has `{{{{ {name} }}}}`, but the document has no such parameter"),
                "declare the parameter; Systems Manager takes every `{{ }}` for one".to_owned(),
            ),
        };
        return Some(Expression::invalid(message, hint));
    }
    None
}

impl IntoValue<Json> for CommandDocument {
    fn into_value(self) -> Value<Json> {
        let steps: Vec<_> = self.steps.into_iter().map(|step| step.lower(&self.parameters)).collect();
        let mut parameters: Vec<(String, Expression)> = Vec::new();
        for (name, parameter, origin) in self.parameters {
            let is_name = !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
            let parameter = if !is_name {
                Expression::invalid(format!("`{name}` is no name for a parameter"), "take letters, digits and `_`")
            } else if parameters.iter().any(|(known, _)| *known == name) {
                Expression::invalid(format!("parameter `{name}` is declared twice"), "keep one of the two")
            } else {
                let kind = ("type", Expression::string(parameter.kind));
                Expression::map(std::iter::once(kind).chain(parameter.fields))
            };
            parameters.push((name, parameter.at(origin)));
        }
        let parameters = if parameters.is_empty() { Expression::absent() } else { Expression::map(parameters) };
        let fields = [
            ("schemaVersion", Expression::string("2.2")),
            ("description", Expression::string(self.description)),
            ("parameters", parameters),
            ("mainSteps", Expression::list(steps)),
        ];
        Value::from_expression(Expression::map(fields).at(self.origin))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use template::Raw;

    use super::*;
    use crate::{script, synthesis};

    /// From "Data elements and parameters" of the Systems Manager user guide, with more of each.
    #[test]
    fn command_document() {
        let document = synthesis::json::<Json, _>(|stack| {
            let bucket = stack.add("Work", Raw::new("AWS::S3::Bucket"));
            let print = script("#!/bin/bash\nset -u\necho \"$SSM_Message\" {{ Times }} '<%= bucket %>'\n");
            let print = print.with("bucket", bucket.reference::<String>());
            command(
                "An example document",
                run_shell_script("Print", print).timeout_seconds(60).working_directory("/tmp"),
            )
            .parameter("Message", text("What is printed").default_value("Hello").allowed_pattern("^[^\"]*$"))
            .parameter("Times", integer("How often").allowed_values(["1", "2"]))
            .step(run_shell_script("Clean", script("rm -rf /tmp/work")))
        });
        assert_eq!(
            document,
            json!({
                "schemaVersion": "2.2",
                "description": "An example document",
                "parameters": {
                    "Message": {
                        "type": "String",
                        "description": "What is printed",
                        "interpolationType": "ENV_VAR",
                        "default": "Hello",
                        "allowedPattern": "^[^\"]*$",
                    },
                    "Times": { "type": "Integer", "description": "How often", "allowedValues": ["1", "2"] },
                },
                "mainSteps": [
                    {
                        "action": "aws:runShellScript",
                        "name": "Print",
                        "precondition": { "StringEquals": ["platformType", "Linux"] },
                        "inputs": {
                            "timeoutSeconds": "60",
                            "workingDirectory": "/tmp",
                            "runCommand": [
                                "#!/bin/bash",
                                "set -u",
                                { "Fn::Sub": "echo \"$SSM_Message\" {{ Times }} '${Work}'" },
                            ],
                        },
                    },
                    {
                        "action": "aws:runShellScript",
                        "name": "Clean",
                        "precondition": { "StringEquals": ["platformType", "Linux"] },
                        "inputs": { "runCommand": ["rm -rf /tmp/work"] },
                    },
                ],
            })
        );
    }

    #[test]
    fn what_is_unsafe_or_unknown_is_reported() {
        let found = synthesis::mistakes::<Json, _>(|_| {
            command("x", run_shell_script("Print", script("echo {{ Message }}")).timeout_seconds(200_000))
                .step(run_shell_script("Format", script("docker ps --format '{{.Names}}'")))
                .parameter("Message", text("What is printed"))
                .parameter("Message", text("What is printed"))
                .parameter("Job-Id", text("The job"))
        });
        assert_eq!(
            found,
            [
                "parameters/Message: parameter `Message` is declared twice; keep one of the two",
                "parameters/Job-Id: `Job-Id` is no name for a parameter; take letters, digits and `_`",
                "mainSteps/0/inputs/timeoutSeconds: step `Print` may take 200000 seconds; allow 1 to 172800",
                "mainSteps/0/inputs/runCommand: the script takes parameter `Message` as text, by `{{ Message }}`; write \
                 \"$SSM_Message\", so that no value can become a command",
                "mainSteps/1/inputs/runCommand: the script has `{{ .Names }}`, but the document has no such parameter; \
                 declare the parameter; Systems Manager takes every `{{ }}` for one",
            ]
        );
    }
}
