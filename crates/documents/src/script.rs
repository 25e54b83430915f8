use template::{Expression, IntoValue, Value, base64, sub};
use tree::Origin;

/// What EC2 takes as user data, in bytes before it is encoded.
const LARGEST_USER_DATA: usize = 16 * 1024;

/// A script with named holes, `@NAME@`, for values that may be references; made by [`script`].
#[derive(Clone, Debug)]
pub struct Script {
    text: String,
    values: Vec<(String, Value<String>)>,
    origin: Origin,
}

/// Takes the text of a script; [`Script::with`] fills its holes.
///
/// A hole is a name in capitals, digits and `_` between two `@`. Synthesis reports a hole without a value and a value
/// without a hole, so that a script and what fills it cannot drift apart.
///
/// ```
/// # use documents::{script, user_data};
/// # use template::aws;
/// let start = script("#!/bin/bash\nset -euo pipefail\nexport AWS_REGION='@REGION@'\n").with("REGION", aws::region());
/// let encoded = user_data(start);
/// ```
#[track_caller]
pub fn script(text: impl Into<String>) -> Script {
    Script { text: text.into(), values: Vec::new(), origin: Origin::caller() }
}

/// Encodes what an instance runs when it starts: a script, or a configuration for cloud-init.
///
/// At most 16 KiB. See "Run commands when you launch an EC2 instance with user data input" in the EC2 user guide.
#[expect(clippy::needless_pass_by_value, reason = "a document consumes what it is made of, here as everywhere")]
pub fn user_data(script: Script) -> Value<String> {
    let origin = script.origin;
    let begins_well = ["#!", "#cloud-config", "Content-Type:", "MIME-Version:"];
    let mistake = script.mistake().or_else(|| {
        if !begins_well.iter().any(|beginning| script.text.starts_with(beginning)) {
            let first = script.text.lines().next().unwrap_or_default();
            let hint = "begin with `#!` and the shell, or with `#cloud-config`: cloud-init runs nothing else";
            return Some(Expression::invalid(format!("user data begins with `{first}`"), hint));
        }
        let bytes = script.text.len();
        (bytes > LARGEST_USER_DATA).then(|| {
            let message = format!("user data has {bytes} bytes, more than {LARGEST_USER_DATA}");
            Expression::invalid(message, "put the rest into a file in a bucket, and fetch it")
        })
    });
    match mistake {
        Some(mistake) => Value::from_expression(mistake.at(origin)),
        None => base64(Value::<String>::from_expression(script.fill(&script.text))).at(origin),
    }
}

impl Script {
    /// Fills the hole of this name, `@NAME@`, wherever it stands.
    ///
    /// The value goes into the text as it is: quote the hole as the value needs it.
    pub fn with(mut self, name: impl Into<String>, value: impl IntoValue<String>) -> Self {
        self.values.push((name.into(), value.into_value()));
        self
    }

    /// Returns the lines, with their holes filled, or what is wrong.
    pub(crate) fn lines(&self) -> Expression {
        let lines = || Expression::list(self.text.lines().map(|line| self.fill(line)));
        self.mistake().unwrap_or_else(lines).at(self.origin)
    }

    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    pub(crate) fn origin(&self) -> Origin {
        self.origin
    }

    /// Fills the holes of a part of the text.
    fn fill(&self, part: &str) -> Expression {
        let here = self.values.iter().filter(|(name, _)| part.contains(&format!("@{name}@")));
        let here: Vec<_> = here.map(|(name, value)| (name.as_str(), value.clone())).collect();
        match sub::named(part, &here) {
            Ok(filled) => filled.into_expression().at(self.origin),
            // One hole lies inside another: `@A@B@` with values for A and B.
            Err(message) => Expression::invalid(message, "write two holes apart from each other").at(self.origin),
        }
    }

    fn mistake(&self) -> Option<Expression> {
        let holes = holes(&self.text);
        for (index, (name, _)) in self.values.iter().enumerate() {
            if self.values[..index].iter().any(|(known, _)| known == name) {
                let message = format!("the script is given two values for `@{name}@`");
                return Some(Expression::invalid(message, "keep one of the two"));
            }
            if !holes.contains(&name.as_str()) {
                let message = format!("the script has no hole `@{name}@`, but a value for it");
                return Some(Expression::invalid(message, "write the hole, in capitals, or leave the value out"));
            }
        }
        let empty = holes.iter().find(|hole| !self.values.iter().any(|(name, _)| name == *hole))?;
        Some(Expression::invalid(format!("the script's hole `@{empty}@` has no value"), "fill it by `with`"))
    }
}

/// Lists the names of the holes.
fn holes(text: &str) -> Vec<&str> {
    let is_name = |piece: &&str| {
        let starts_well = piece.starts_with(|first: char| first.is_ascii_uppercase());
        starts_well && piece.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_')
    };
    // The first and the last piece have an `@` on one side only.
    let mut pieces: Vec<_> = text.split('@').skip(1).collect();
    pieces.pop();
    pieces.into_iter().filter(is_name).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use template::{Raw, aws};

    use super::*;
    use crate::synthesis;

    #[test]
    fn user_data_keeps_its_text_and_fills_its_holes() {
        let text = "#!/bin/bash\nset -eu\nbucket='@BUCKET@' region=@REGION@ again='@BUCKET@'\necho \"${HOME}\" me@example.com\n";
        let encoded = synthesis::json::<String, _>(|stack| {
            let bucket = stack.add("Sources", Raw::new("AWS::S3::Bucket"));
            user_data(script(text).with("BUCKET", bucket.reference::<String>()).with("REGION", aws::region()))
        });
        let expected = "#!/bin/bash\nset -eu\nbucket='${Sources}' region=${AWS::Region} again='${Sources}'\n\
             echo \"${!HOME}\" me@example.com\n";
        assert_eq!(encoded, json!({ "Fn::Base64": { "Fn::Sub": expected } }));
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
            report(script(format!("{bash}echo @REGION@"))),
            ": the script's hole `@REGION@` has no value; fill it by `with`"
        );
        assert_eq!(
            report(script(bash).with("REGION", aws::region())),
            ": the script has no hole `@REGION@`, but a value for it; write the hole, in capitals, or leave the value out"
        );
        assert_eq!(
            report(script(format!("{bash}@A@")).with("A", "1").with("A", "2")),
            ": the script is given two values for `@A@`; keep one of the two"
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
