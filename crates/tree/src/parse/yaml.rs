//! CloudFormation's YAML.

use std::collections::{BTreeMap, BTreeSet};

use granit_parser::{Event, Marker, Options, Parser, ScalarStyle, Span, Tag};

use super::build::{Builder, DEEPEST, too_deep};
use super::fault::explain;
use super::{Document, Oddity, Remark, SyntaxError, scalar};
use crate::{Entry, Map, Node, Origin, Tree};

/// So many values may be written once and stand in several places.
const MOST_ALIASED: usize = 250_000;

pub(super) fn parse(text: &str) -> Result<Document, SyntaxError> {
    let mut options = Options::default();
    options.set_emit_comments(false);
    options.flow_nesting_limit = DEEPEST;
    options.block_nesting_limit = DEEPEST;
    let mut reader = Reader { text, ..Reader::default() };
    for event in Parser::new_from_str_with_options(text, options) {
        let (event, span) = event.map_err(|error| explain(text, &error))?;
        reader.event(event, span)?;
    }
    let remarks = reader.remarks;
    match reader.builder.finish() {
        Some(tree) => Ok(Document { tree, remarks }),
        None => Err(SyntaxError::new(1, 1, "the template is empty").hint("a template has at least `Resources`")),
    }
}

#[derive(Default)]
struct Reader<'t> {
    text: &'t str,
    builder: Builder,
    /// What becomes of each open list or mapping once it is complete.
    endings: Vec<Ending>,
    anchors: BTreeMap<usize, Anchor>,
    aliased: usize,
    has_document: bool,
    remarks: Vec<Remark>,
}

struct Ending {
    form: Form,
    origin: Origin,
    anchor: usize,
    /// Whether a mapping has `<<` among its keys.
    merges: bool,
}

impl Ending {
    fn new(form: Form, origin: Origin, anchor: usize) -> Self {
        Self { form, origin, anchor, merges: false }
    }
}

/// What a tag makes of a value.
enum Form {
    /// What it is without a tag.
    Plain,
    /// A string, whatever it looks like.
    Text,
    /// The value of a short form, with the name of its long form.
    Function(String),
}

/// A value that aliases stand for.
struct Anchor {
    tree: Tree,
    size: Size,
}

#[derive(Clone, Copy, Default)]
struct Size {
    nodes: usize,
    depth: usize,
}

impl Reader<'_> {
    fn event(&mut self, event: Event<'_>, span: Span) -> Result<(), SyntaxError> {
        let start = origin(span.start);
        let tagged = span.tag_start().map_or(start, origin);
        match event {
            Event::DocumentStart(..) if self.has_document => {
                let error = SyntaxError::at(start, "a second document begins here, but a template is one document");
                return Err(error.hint("take away what follows the line `---`, or put it into a file of its own"));
            }
            Event::DocumentStart(..) => self.has_document = true,
            Event::Scalar(text, style, anchor, tag) => {
                let form = self.form(tag.as_deref(), tagged);
                // What is not written is where its key is.
                let is_absent = span.is_empty() && tag.is_none() && !self.builder.wants_key();
                let at = if is_absent { self.builder.key_origin().or(tagged) } else { tagged };
                return self.scalar(&text, style, form, anchor, at);
            }
            Event::Alias(anchor) => return self.alias(anchor, span.slice(self.text).unwrap_or_default(), start),
            Event::SequenceStart(_, anchor, tag) => {
                self.no_key(start)?;
                let form = self.form(tag.as_deref(), tagged);
                self.builder.open_list(start)?;
                self.endings.push(Ending::new(form, tagged, anchor));
            }
            Event::MappingStart(_, anchor, tag) => {
                self.no_key(start)?;
                let form = self.form(tag.as_deref(), tagged);
                self.builder.open_map(start)?;
                self.endings.push(Ending::new(form, tagged, anchor));
            }
            Event::SequenceEnd | Event::MappingEnd => {
                let Some(Ending { form, origin, anchor, merges }) = self.endings.pop() else { return Ok(()) };
                let tree = self.builder.close();
                let tree = if merges { merged(tree) } else { tree };
                let tree = match form {
                    Form::Function(name) => long_form(name, tree, origin),
                    Form::Plain | Form::Text => tree,
                };
                return self.value(tree, anchor);
            }
            _ => {}
        }
        Ok(())
    }

    fn scalar(
        &mut self,
        text: &str,
        style: ScalarStyle,
        form: Form,
        anchor: usize,
        at: Origin,
    ) -> Result<(), SyntaxError> {
        let is_plain = matches!(style, ScalarStyle::Plain);
        if self.builder.wants_key() {
            if let Form::Function(name) = form {
                return Err(key_is_no_string(at, &format!("`{name}`")));
            }
            self.key(text, is_plain && !matches!(form, Form::Text), at);
            return Ok(());
        }
        let tree = match form {
            Form::Function(name) => {
                let argument = match (name.as_str(), text.split_once('.')) {
                    ("Fn::GetAtt", Some((id, attribute))) => {
                        let names = [id, attribute].map(|name| Tree::string(name).at(at));
                        Tree::new(Node::List(names.into()), at)
                    }
                    _ => Tree::string(text).at(at),
                };
                long_form(name, argument, at)
            }
            Form::Plain if is_plain => {
                let (node, oddity) = scalar::resolve(text);
                if let Some(oddity) = oddity {
                    self.remark(oddity, text, at);
                }
                Tree::new(node, at)
            }
            Form::Plain | Form::Text => Tree::string(text).at(at),
        };
        self.value(tree, anchor)
    }

    fn key(&mut self, text: &str, is_plain: bool, at: Origin) {
        self.builder.key(text.to_owned(), at);
        if let Some(ending) = self.endings.last_mut().filter(|_| is_plain && text == "<<") {
            ending.merges = true;
            self.remark(Oddity::Merge, text, at);
        }
        let kind = match scalar::resolve(text) {
            _ if !is_plain => None,
            (Node::Number(_), _) => Some("a number"),
            (Node::Bool(_), _) => Some("a boolean"),
            (Node::Null, _) => Some("null"),
            _ => None,
        };
        if let Some(kind) = kind {
            self.remark(Oddity::Key(kind), text, at);
        }
    }

    /// Puts a value in its place; of an anchored one, a copy is kept.
    fn value(&mut self, tree: Tree, anchor: usize) -> Result<(), SyntaxError> {
        if anchor > 0 {
            let size = self.afford(&tree, tree.origin)?;
            self.anchors.insert(anchor, Anchor { tree: tree.clone(), size });
        }
        self.builder.value(tree);
        Ok(())
    }

    fn alias(&mut self, anchor: usize, text: &str, at: Origin) -> Result<(), SyntaxError> {
        self.no_key(at)?;
        let Some(Anchor { tree, size }) = self.anchors.get(&anchor) else {
            return Err(SyntaxError::at(at, "an alias stands inside the value that it stands for"));
        };
        if self.builder.depth() + size.depth > DEEPEST {
            return Err(too_deep(at));
        }
        self.aliased += size.nodes;
        if self.aliased > MOST_ALIASED {
            return Err(too_many(at));
        }
        let tree = tree.clone();
        self.remark(Oddity::Alias, text, at);
        self.builder.value(tree);
        Ok(())
    }

    /// Measures a value of which a copy is to be kept, as far as the budget goes.
    fn afford(&mut self, tree: &Tree, at: Origin) -> Result<Size, SyntaxError> {
        let left = MOST_ALIASED.saturating_sub(self.aliased);
        let mut size = Size::default();
        let mut open = vec![(tree, 0)];
        while let Some((tree, depth)) = open.pop() {
            size = Size { nodes: size.nodes + 1, depth: size.depth.max(depth) };
            match &tree.node {
                Node::List(list) => open.extend(list.iter().map(|item| (item, depth + 1))),
                Node::Map(map) => open.extend(map.iter().map(|entry| (&entry.value, depth + 1))),
                _ => {}
            }
            if size.nodes > left {
                return Err(too_many(at));
            }
        }
        self.aliased += size.nodes;
        Ok(size)
    }

    /// Refuses a list, a mapping or an alias as a key.
    fn no_key(&self, at: Origin) -> Result<(), SyntaxError> {
        if self.builder.wants_key() { Err(key_is_no_string(at, "this")) } else { Ok(()) }
    }

    fn form(&mut self, tag: Option<&Tag>, at: Origin) -> Form {
        let Some(tag) = tag else { return Form::Plain };
        match (tag.handle(), tag.suffix()) {
            ("" | "!", "" | "!") => Form::Text,
            ("!", name @ ("Ref" | "Condition")) => Form::Function(name.to_owned()),
            ("!", name) => Form::Function(format!("Fn::{name}")),
            _ => match tag.core_suffix() {
                Some("str") => Form::Text,
                Some(_) => Form::Plain,
                None => {
                    self.remark(Oddity::Tag, &tag.to_string(), at);
                    Form::Plain
                }
            },
        }
    }

    fn remark(&mut self, oddity: Oddity, text: &str, origin: Origin) {
        self.remarks.push(Remark { oddity, text: text.to_owned(), path: self.builder.path(), origin });
    }
}

fn origin(mark: Marker) -> Origin {
    let short = |number| u32::try_from(number).unwrap_or(u32::MAX);
    Origin::Text { line: short(mark.line()), column: short(mark.col()).saturating_add(1) }
}

fn long_form(name: String, argument: Tree, at: Origin) -> Tree {
    let mut map = Map::default();
    map.push_entry(Entry { key: name, origin: at, value: argument });
    Tree::new(Node::Map(map), at)
}

/// Puts the entries of what is merged after the mapping's own; a key that is there already wins.
fn merged(tree: Tree) -> Tree {
    let Tree { node: Node::Map(map), origin } = tree else { return tree };
    let (merges, own): (Vec<Entry>, Vec<Entry>) = map.into_iter().partition(|entry| entry.key == "<<");
    let mut keys: BTreeSet<String> = own.iter().map(|entry| entry.key.clone()).collect();
    let mut entries = own;
    for merge in merges {
        let sources = match merge.value.node {
            Node::List(list) => list,
            _ => vec![merge.value],
        };
        for source in sources {
            if let Node::Map(map) = source.node {
                entries.extend(map.into_iter().filter(|entry| keys.insert(entry.key.clone())));
            }
        }
    }
    Tree::new(Node::Map(entries.into_iter().collect()), origin)
}

fn key_is_no_string(at: Origin, what: &str) -> SyntaxError {
    let hint =
        "a key is text, and no function can make one; put a text that begins with `{`, `[`, `*` or `!` in quotes";
    SyntaxError::at(at, format!("a key must be a string, but {what} is none")).hint(hint)
}

fn too_many(at: Origin) -> SyntaxError {
    SyntaxError::at(at, format!("the aliases stand for more than {MOST_ALIASED} values"))
        .hint("CloudFormation has no aliases; write the values where they are needed")
}
