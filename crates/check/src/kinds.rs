use schemas::Json;
use tree::Tree;

use crate::attributes;
use crate::outline::{Outline, branches, function, is_no_value};

/// What kinds of value an expression may give.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Kinds(u8);

impl Kinds {
    /// A string, or a literal number or boolean: CloudFormation converts between them.
    pub const TEXT: Self = Self(1);
    pub const LIST: Self = Self(2);
    pub const OBJECT: Self = Self(4);
    /// A number or a boolean that an attribute gives: CloudFormation does not convert these.
    pub const NUMBER: Self = Self(8);
    pub const ANY: Self = Self(15);
    pub const NONE: Self = Self(0);

    pub fn or(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    pub fn overlaps(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    /// Names the kinds.
    pub fn describe(self) -> &'static str {
        match self {
            Self::TEXT => "a string",
            Self::LIST => "a list",
            Self::OBJECT => "an object",
            Self::NUMBER => "a number or a boolean, which is not made text of",
            _ => "a value",
        }
    }

    /// Reads the kinds that a property takes off JSON Schema's `type`.
    pub fn of_type(keyword: Option<Json<'_>>) -> Self {
        Self::by_type(keyword, Self::TEXT.or(Self::NUMBER))
    }

    /// Reads the kinds that an attribute gives off JSON Schema's `type`.
    pub fn of_attribute(keyword: Option<Json<'_>>) -> Self {
        Self::by_type(keyword, Self::NUMBER)
    }

    fn by_type(keyword: Option<Json<'_>>, number: Self) -> Self {
        let one = |name: Json<'_>| match name.as_str() {
            Some("array") => Self::LIST,
            Some("object") => Self::OBJECT,
            Some("boolean" | "integer" | "number") => number,
            Some(_) => Self::TEXT,
            None => Self::ANY,
        };
        keyword.map_or(Self::ANY, |keyword| match keyword.as_array() {
            Some(types) => types.iter().map(one).fold(Self::NONE, Self::or),
            None => one(keyword),
        })
    }
}

/// Tells what kinds of value an intrinsic function gives.
pub(crate) fn produced(outline: &Outline<'_>, tree: &Tree) -> Kinds {
    if is_no_value(tree) {
        return Kinds::ANY;
    }
    if let Some((_, then, otherwise)) = branches(tree) {
        return produced(outline, then).or(produced(outline, otherwise));
    }
    match function(tree) {
        Some(("Ref", name)) => name.as_str().map_or(Kinds::ANY, |name| outline.kinds_of_ref(name)),
        Some(("Fn::FindInMap", argument)) => of_mapping(outline, argument),
        Some(("Fn::GetAtt", argument)) => attributes::kinds(outline, argument),
        Some((
            "Fn::Base64" | "Fn::GetStackOutput" | "Fn::ImportValue" | "Fn::Join" | "Fn::Length" | "Fn::Sub"
            | "Fn::ToJsonString",
            _,
        )) => Kinds::TEXT,
        Some(("Fn::Cidr" | "Fn::GetAZs" | "Fn::Split", _)) => Kinds::LIST,
        Some(_) => Kinds::ANY,
        None if tree.as_list().is_some() => Kinds::LIST,
        None if tree.as_map().is_some() => Kinds::OBJECT,
        None => Kinds::TEXT,
    }
}

/// Tells what kinds of value stand in a mapping, below the keys that are known.
fn of_mapping(outline: &Outline<'_>, argument: &Tree) -> Kinds {
    let Some([mapping, top, second]) = argument.as_list() else { return Kinds::ANY };
    let levels = mapping.as_str().and_then(|name| outline.mappings.get(name)).and_then(|levels| levels.as_map());
    let reached = levels.into_iter().flatten().filter(|level| top.as_str().is_none_or(|key| level.key == key));
    let values = reached.filter_map(|level| level.value.as_map()).flatten();
    let chosen = values.filter(|value| second.as_str().is_none_or(|key| value.key == key));
    let kinds = chosen.map(|value| produced(outline, &value.value)).reduce(Kinds::or);
    kinds.unwrap_or(Kinds::ANY)
}
