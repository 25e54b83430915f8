//! The faults of YAML in the words of those who write templates.

use granit_parser::{ErrorKind, ScanError};

use super::SyntaxError;
use super::build::DEEPEST;

const QUOTE: &str = "put the text in quotes";

/// Says what is wrong, and what people who get this error mostly have done.
pub(super) fn explain(text: &str, error: &ScanError) -> SyntaxError {
    use ErrorKind as Kind;
    let mark = error.marker();
    let line = text.lines().nth(mark.line().saturating_sub(1)).unwrap_or_default();
    let character = line.chars().nth(mark.col());
    let is_tab = character == Some('\t') || is_tab(error.kind());
    let tab = line.chars().position(|character| character == '\t').filter(|_| is_tab);
    let (message, hint) = match error.kind() {
        _ if is_tab => ("YAML does not allow a tab here".to_owned(), "indent with spaces"),
        Kind::ExpectedNodeContent | Kind::ExpectedBlockMappingKey if character == Some('!') => (
            "two short forms of functions cannot follow one another".to_owned(),
            "write the outer one in its long form, such as `Fn::Base64: !Sub …`",
        ),
        Kind::RecursionLimitExceeded => (
            format!("lists and mappings are nested more than {DEEPEST} levels deep"),
            "a template needs about twenty levels; is there a bracket that is never closed?",
        ),
        Kind::UnknownAnchor | Kind::MissingAnchorOrAliasName => (
            "a text that begins with `*` or `&` is an alias or an anchor, and this one has no other end".to_owned(),
            "put the text in quotes: \"*\"",
        ),
        Kind::UnclosedQuotedScalar | Kind::DocumentIndicatorInQuotedScalar => {
            ("a text in quotes is not closed".to_owned(), "end it with the quote with which it begins")
        }
        Kind::InvalidQuotedScalarIndent => (
            "a text in quotes is not closed, or its further lines are not indented".to_owned(),
            "end it with the quote with which it begins",
        ),
        Kind::InvalidTrailingSingleQuotedScalar | Kind::InvalidTrailingDoubleQuotedScalar => (
            "something follows the closing quote".to_owned(),
            "put the whole text in quotes; write a single quote inside single quotes twice",
        ),
        Kind::UnknownQuotedScalarEscape => (
            "double quotes know no such escape".to_owned(),
            "write a backslash as `\\\\`, or put the text in single quotes, which have no escapes",
        ),
        Kind::MappingValueNotAllowed | Kind::InvalidColonPlacement | Kind::MappingKeyNotAllowed => (
            "a key and its value are not allowed here".to_owned(),
            "put a text with `: ` in quotes; keys of one mapping stand in one column",
        ),
        Kind::SimpleKeyExpected | Kind::InvalidSimpleKey => {
            ("expected `:` after the key".to_owned(), "keys and values are written `Key: value`, with a space")
        }
        Kind::ExpectedBlockMappingKey | Kind::InvalidIndentation | Kind::ExpectedBlockSequenceEntry => (
            "the indentation fits nothing above".to_owned(),
            "what belongs together stands in one column; is a line above too far left or right?",
        ),
        Kind::BlockSequenceEntryNotAllowed => {
            ("a list item is not allowed here".to_owned(), "begin a list on the line after its key")
        }
        Kind::UnclosedFlowCollection { .. }
        | Kind::UnexpectedEofFlowSequence
        | Kind::UnexpectedEofFlowMapping
        | Kind::ExpectedFlowMappingSeparator
        | Kind::ExpectedFlowSequenceSeparator => (
            "expected `,` or the closing bracket".to_owned(),
            "separate values in brackets by commas, and put a text with `,`, `[`, `]`, `{` or `}` in quotes",
        ),
        Kind::UnexpectedCharacter { character } => {
            (format!("a text without quotes cannot begin with `{}`", character.escape_debug()), QUOTE)
        }
        kind => (kind.to_string(), "is a text with a special character not in quotes?"),
    };
    SyntaxError::new(mark.line(), tab.unwrap_or(mark.col()) + 1, message).hint(hint)
}

fn is_tab(kind: &ErrorKind) -> bool {
    use ErrorKind as Kind;
    matches!(
        kind,
        Kind::TabNotAllowed
            | Kind::TabInBlockIndentation
            | Kind::TabAtBlockScalarStart
            | Kind::TabInIndentation
            | Kind::TabInPlainScalar
    )
}
