//! Templates as text: JSON and CloudFormation's YAML, to trees whose nodes know their line and column.
//!
//! A text whose first character is `{` is JSON (ECMA-404), anything else is YAML. CloudFormation reads YAML 1.1 without
//! aliases, merges and a few tags (AWS page "CloudFormation template format"), and here that means:
//!
//! - Short forms become long ones: `!Sub x` is `{"Fn::Sub": "x"}`, `!GetAtt a.b` is `{"Fn::GetAtt": ["a", "b"]}`,
//!   `!Ref` and `!Condition` keep their names. The scalar behind a short form is always a string.
//! - Plain scalars are resolved as `SnakeYAML`'s `Resolver` for YAML 1.1 does: `yes`, `no`, `on` and `off` are booleans,
//!   `0123` is octal, `0x1F` hexadecimal, `1:30` sexagesimal; digits with a leading zero that cannot be octal are a
//!   decimal number. So `012345670123` is 1402433619 (aws-cloudformation/cloudformation-coverage-roadmap#745) and
//!   `012345678901` loses its zero (aws/serverless-application-model#1469).
//! - Dates such as `2012-10-17` stay strings: the timestamp tag is among what CloudFormation does not support.
//! - Keys are strings. CloudFormation refuses numbers ("map keys must be strings; received numeric",
//!   aws-cloudformation/cfn-lint#292), so the key is kept as it is written and remarked upon.
//! - Aliases and `<<` are expanded, within a budget, and remarked upon, because CloudFormation refuses them.
//!
//! Keys that stand twice stay twice. Nothing here recurses over the input, and nothing takes more than linear time.

mod build;
mod fault;
mod json;
mod scalar;
mod syntax;
mod yaml;

pub use syntax::SyntaxError;

use crate::{Origin, Path, Tree};

/// More bytes than this are not read; CloudFormation itself takes at most 1 MB (AWS page "CloudFormation quotas").
const MOST_BYTES: usize = 16 << 20;

/// What a text says.
#[derive(Clone, Debug, PartialEq)]
pub struct Document {
    /// The tree; every node and every key has a position.
    pub tree: Tree,
    /// What a reader of the text may not expect, or CloudFormation does not support, in the order of the text.
    pub remarks: Vec<Remark>,
}

/// Something in a text that is not what it looks like.
#[derive(Clone, Debug, PartialEq)]
pub struct Remark {
    /// What it is.
    pub oddity: Oddity,
    /// What is written.
    pub text: String,
    /// The way to the place in the tree.
    pub path: Path,
    /// Where it is written.
    pub origin: Origin,
}

/// Sorts what is remarked upon.
#[derive(Clone, Debug, PartialEq)]
pub enum Oddity {
    /// An alias such as `*name`, which stands for what `&name` is written before.
    Alias,
    /// A merge `<<`, which takes over the entries of another mapping.
    Merge,
    /// A key that is no string: a number, a boolean or null, in the words of JSON.
    Key(&'static str),
    /// A number in another notation than JSON's, and the number that it is read as.
    Number(String),
    /// `yes`, `no`, `on` or `off`, and what it is read as.
    Boolean(bool),
    /// A tag that CloudFormation does not support.
    Tag,
}

/// Reads a template, JSON or YAML.
///
/// # Errors
///
/// The first place at which the text is neither; several documents; more than 16 MiB, 100 levels or 250,000 values by
/// aliases.
pub fn parse(text: &str) -> Result<Tree, SyntaxError> {
    read(text).map(|document| document.tree)
}

/// Reads a template as [`parse`] does, with remarks on what CloudFormation reads otherwise than one might think.
pub fn read(text: &str) -> Result<Document, SyntaxError> {
    if text.len() > MOST_BYTES {
        let message = format!("the text has {} bytes, and more than {MOST_BYTES} are not read", text.len());
        return Err(SyntaxError::new(1, 1, message).hint("CloudFormation takes templates of at most 1 MB"));
    }
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    if text.trim_start().starts_with('{') {
        let tree = json::parse(text)?;
        return Ok(Document { tree, remarks: Vec::new() });
    }
    yaml::parse(text)
}

/// Reads bytes as UTF-8.
///
/// # Errors
///
/// The line and column of the first byte that is none.
pub fn decode(bytes: &[u8]) -> Result<&str, SyntaxError> {
    let error = match std::str::from_utf8(bytes) {
        Ok(text) => return Ok(text),
        Err(error) => error,
    };
    if bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]) {
        return Err(SyntaxError::new(1, 1, "the text is UTF-16, not UTF-8").hint("save the file as UTF-8"));
    }
    let valid = std::str::from_utf8(&bytes[..error.valid_up_to()]).unwrap_or_default();
    let line = 1 + valid.matches('\n').count();
    let column = 1 + valid.rsplit('\n').next().unwrap_or_default().chars().count();
    let message = format!("the byte 0x{:02x} is not UTF-8", bytes[error.valid_up_to()]);
    Err(SyntaxError::new(line, column, message).hint("save the file as UTF-8"))
}

#[cfg(test)]
mod tests;
