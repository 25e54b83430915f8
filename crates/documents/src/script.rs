//! Scripts, as templates whose holes take values that may be references.

use std::collections::{BTreeMap, BTreeSet};

use minijinja::syntax::SyntaxConfig;
use minijinja::{AutoEscape, Environment, UndefinedBehavior};
use template::{Expression, IntoValue, Value, base64};
use tree::Origin;

/// What EC2 takes as user data, in bytes before it is encoded.
const LARGEST_USER_DATA: usize = 16 * 1024;

/// The name of the script itself, beside those of its parts.
const SCRIPT: &str = "script";

/// Stands on both sides of the number of a value that only the deployment knows. No text has it: it is no character.
const MARK: char = '\u{FDD0}';

/// A script with named holes, `<%= name %>`, for values that may be references; made by [`script`].
#[derive(Clone, Debug)]
pub struct Script {
    text: String,
    parts: Vec<(&'static str, String)>,
    values: Vec<(&'static str, Value<String>)>,
    origin: Origin,
}

/// Takes the text of a script, which is a template of Jinja; [`Script::with`] fills its holes, and [`Script::part`] brings
/// what it includes.
///
/// A hole is `<%= name %>`, and `<% … %>` a statement, such as `include`: shells, Python, systemd and JSON mean nothing by
/// these, and Systems Manager takes `{{ }}` for itself. Synthesis reports a hole without a value and a value without a
/// hole, so that a script and what fills it cannot drift apart.
///
/// ```
/// # use documents::{script, user_data};
/// # use template::aws;
/// let start = script("#!/bin/bash\nset -euo pipefail\nexport AWS_REGION='<%= region %>'\n").with("region", aws::region());
/// let encoded = user_data(start);
/// ```
#[track_caller]
pub fn script(text: impl Into<String>) -> Script {
    Script { text: text.into(), parts: Vec::new(), values: Vec::new(), origin: Origin::caller() }
}

/// Encodes what an instance runs when it starts: a script, or a configuration for cloud-init.
///
/// At most 16 KiB. See "Run commands when you launch an EC2 instance with user data input" in the EC2 user guide.
#[expect(clippy::needless_pass_by_value, reason = "a document consumes what it is made of, here as everywhere")]
pub fn user_data(script: Script) -> Value<String> {
    let origin = script.origin;
    let mistake = match script.render() {
        Ok(text) => match unfit(&text) {
            None => return base64(Value::<String>::from_expression(script.fill(&text))).at(origin),
            Some(mistake) => mistake,
        },
        Err(mistake) => mistake,
    };
    Value::from_expression(mistake.at(origin))
}

/// Says why cloud-init or EC2 would not take a text.
fn unfit(text: &str) -> Option<Expression> {
    let begins_well = ["#!", "#cloud-config", "Content-Type:", "MIME-Version:"];
    if !begins_well.iter().any(|beginning| text.starts_with(beginning)) {
        let first = text.lines().next().unwrap_or_default();
        let hint = "begin with `#!` and the shell, or with `#cloud-config`: cloud-init runs nothing else";
        return Some(Expression::invalid(format!("user data begins with `{first}`"), hint));
    }
    let bytes = text.len();
    (bytes > LARGEST_USER_DATA).then(|| {
        let message = format!("user data has {bytes} bytes, more than {LARGEST_USER_DATA}");
        Expression::invalid(message, "put the rest into a file in a bucket, and fetch it")
    })
}

impl Script {
    /// Fills the hole of this name, `<%= name %>`, wherever it stands, in parts too.
    ///
    /// The value goes into the text as it is: quote the hole as the value needs it.
    pub fn with(mut self, name: &'static str, value: impl IntoValue<String>) -> Self {
        self.values.push((name, value.into_value()));
        self
    }

    /// Brings a part, a template itself, that the script takes in by `<% include "name" %>`, without the newline at its end.
    pub fn part(mut self, name: &'static str, text: &str) -> Self {
        self.parts.push((name, text.trim_end_matches('\n').to_owned()));
        self
    }

    /// Returns the text, with marks where a value stands that only the deployment knows; or what is wrong.
    pub(crate) fn render(&self) -> Result<String, Expression> {
        let environment = self.environment().map_err(|error| unreadable(&error))?;
        match self.mistake(&environment) {
            Some(mistake) => Err(mistake),
            None => self.rendered(&environment).map_err(|error| unreadable(&error)),
        }
    }

    /// Splits a text that was rendered into lines, and puts the values where their marks are.
    pub(crate) fn lines(&self, text: &str) -> Expression {
        let mut lines = Vec::with_capacity(text.lines().count());
        lines.extend(text.lines().map(|line| self.fill(line)));
        Expression::list(lines)
    }

    pub(crate) fn origin(&self) -> Origin {
        self.origin
    }

    fn environment(&self) -> Result<Environment<'_>, minijinja::Error> {
        let syntax = SyntaxConfig::builder()
            .block_delimiters("<%", "%>")
            .variable_delimiters("<%=", "%>")
            .comment_delimiters("<%#", "%>")
            .keep_trailing_newline(true)
            .build()?;
        let mut environment = Environment::empty();
        environment.set_syntax(syntax);
        environment.set_auto_escape_callback(|_| AutoEscape::None);
        environment.set_undefined_behavior(UndefinedBehavior::Strict);
        environment.add_template(SCRIPT, &self.text)?;
        for (name, text) in &self.parts {
            environment.add_template(name, text)?;
        }
        Ok(environment)
    }

    fn rendered(&self, environment: &Environment<'_>) -> Result<String, minijinja::Error> {
        let values: BTreeMap<_, _> = (0..)
            .zip(&self.values)
            .map(|(index, (name, value)): (usize, _)| {
                let known = value.clone().into_expression();
                let text = known.as_str().map_or_else(|| format!("{MARK}{index}{MARK}"), str::to_owned);
                (*name, minijinja::Value::from(text))
            })
            .collect();
        environment.get_template(SCRIPT)?.render(values)
    }

    /// Puts values in the place of their marks.
    fn fill(&self, text: &str) -> Expression {
        if !text.contains(MARK) {
            return Expression::string(text).at(self.origin);
        }
        let pieces = text.split(MARK).enumerate().map(|(position, piece)| {
            let value = |index: usize| self.values.get(index).map(|(_, value)| value.clone().into_expression());
            let marked = if position % 2 == 1 { piece.parse().ok().and_then(value) } else { None };
            marked.unwrap_or_else(|| Expression::string(piece))
        });
        Expression::concatenated(pieces).at(self.origin)
    }

    fn mistake(&self, environment: &Environment<'_>) -> Option<Expression> {
        let holes: BTreeSet<_> =
            environment.templates().flat_map(|(_, template)| template.undeclared_variables(false)).collect();
        for (index, (name, _)) in self.values.iter().enumerate() {
            if self.values[..index].iter().any(|(known, _)| known == name) {
                let message = format!("the script is given two values for `<%= {name} %>`");
                return Some(Expression::invalid(message, "keep one of the two"));
            }
            if !holes.contains(*name) {
                let message = format!("the script has no hole `<%= {name} %>`, but a value for it");
                return Some(Expression::invalid(message, "write the hole, or leave the value out"));
            }
        }
        let empty = holes.iter().find(|hole| !self.values.iter().any(|(name, _)| name == hole))?;
        Some(Expression::invalid(format!("the script's hole `<%= {empty} %>` has no value"), "fill it by `with`"))
    }
}

fn unreadable(error: &minijinja::Error) -> Expression {
    let hint =
        "see https://docs.rs/minijinja/latest/minijinja/syntax; delimiters are `<% %>`, `<%= %>` and `<%# %>` here";
    Expression::invalid(format!("the script is no template: {error}"), hint)
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use template::{Raw, aws};

    use super::*;
    use crate::synthesis;

    #[test]
    fn user_data_keeps_its_text_and_fills_its_holes() {
        let text = "#!/bin/bash\nset -eu\nbucket='<%= bucket %>' region=<%= region %> again='<%= bucket %>'\necho \"${HOME}\" me@example.com\n";
        let encoded = synthesis::json::<String, _>(|stack| {
            let bucket = stack.add("Sources", Raw::new("AWS::S3::Bucket"));
            user_data(script(text).with("bucket", bucket.reference::<String>()).with("region", aws::region()))
        });
        let expected = "#!/bin/bash\nset -eu\nbucket='${Sources}' region=${AWS::Region} again='${Sources}'\n\
             echo \"${!HOME}\" me@example.com\n";
        assert_eq!(encoded, json!({ "Fn::Base64": { "Fn::Sub": expected } }));
    }

    #[test]
    fn parts_are_taken_in_with_their_holes() {
        let text = "#!/bin/sh\ncat << 'UNIT'\n<% include \"unit\" %>\nUNIT\n<% if agent == 'yes' %>start <%= region %><% endif %>\n";
        let filled = synthesis::json::<String, _>(|_| {
            let script = script(text).part("unit", "[Service]\nEnvironment=A=<%= region %>\n");
            user_data(script.with("agent", "yes").with("region", aws::region()))
        });
        let expected =
            "#!/bin/sh\ncat << 'UNIT'\n[Service]\nEnvironment=A=${AWS::Region}\nUNIT\nstart ${AWS::Region}\n";
        assert_eq!(filled, json!({ "Fn::Base64": { "Fn::Sub": expected } }));
    }

    #[test]
    fn user_data_without_holes_is_plain_text() {
        let encoded = synthesis::json::<String, _>(|_| user_data(script("#cloud-config\npackages: [ffmpeg]\n")));
        assert_eq!(encoded, json!({ "Fn::Base64": "#cloud-config\npackages: [ffmpeg]\n" }));
    }

    #[test]
    fn what_does_not_fit_is_reported() {
        let report = |script| synthesis::mistakes::<String, _>(|_| user_data(script)).remove(0);
        let bash = "#!/bin/bash\n";
        assert_eq!(
            report(script(format!("{bash}echo <%= region %>"))),
            ": the script's hole `<%= region %>` has no value; fill it by `with`"
        );
        assert_eq!(
            report(script(bash).with("region", aws::region())),
            ": the script has no hole `<%= region %>`, but a value for it; write the hole, or leave the value out"
        );
        assert_eq!(
            report(script(format!("{bash}<%= a %>")).with("a", "1").with("a", "2")),
            ": the script is given two values for `<%= a %>`; keep one of the two"
        );
        assert_eq!(
            report(script(format!("{bash}<% include \"unit\" %>"))),
            ": the script is no template: template not found: tried to include non-existing template 'unit' (in script:2); see \
             https://docs.rs/minijinja/latest/minijinja/syntax; delimiters are `<% %>`, `<%= %>` and `<%# %>` here"
        );
        assert_eq!(
            report(script("echo hello")),
            ": user data begins with `echo hello`; begin with `#!` and the shell, or with `#cloud-config`: cloud-init \
             runs nothing else"
        );
        assert_eq!(
            report(script(format!("{bash}{}", "#".repeat(16 * 1024)))),
            ": user data has 16396 bytes, more than 16384; put the rest into a file in a bucket, and fetch it"
        );
    }
}
