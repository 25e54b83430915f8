use super::SyntaxError;
use crate::{Entry, Map, Node, Origin, Path, Tree};

/// Deeper trees are refused, so that no reader of trees can run out of stack. Real templates have about twenty levels.
pub(super) const DEEPEST: usize = 100;

/// Puts values together; what is open is on a stack of its own instead of the program's.
#[derive(Default)]
pub(super) struct Builder {
    frames: Vec<Frame>,
    root: Option<Tree>,
}

struct Frame {
    origin: Origin,
    open: Open,
}

enum Open {
    List(Vec<Tree>),
    /// The entries, and the key whose value comes next.
    Map(Map, Option<(String, Origin)>),
}

impl Builder {
    pub fn depth(&self) -> usize {
        self.frames.len()
    }

    /// Tells whether the next value is a key.
    pub fn wants_key(&self) -> bool {
        matches!(self.frames.last(), Some(Frame { open: Open::Map(_, None), .. }))
    }

    /// Tells what is open: nothing, a list (false), or an object (true).
    pub fn in_map(&self) -> Option<bool> {
        self.frames.last().map(|frame| matches!(frame.open, Open::Map(..)))
    }

    pub fn open_list(&mut self, origin: Origin) -> Result<(), SyntaxError> {
        self.open(origin, Open::List(Vec::new()))
    }

    pub fn open_map(&mut self, origin: Origin) -> Result<(), SyntaxError> {
        self.open(origin, Open::Map(Map::default(), None))
    }

    fn open(&mut self, origin: Origin, open: Open) -> Result<(), SyntaxError> {
        if self.frames.len() >= DEEPEST {
            return Err(too_deep(origin));
        }
        self.frames.push(Frame { origin, open });
        Ok(())
    }

    pub fn key(&mut self, key: String, origin: Origin) {
        if let Some(Frame { open: Open::Map(_, pending), .. }) = self.frames.last_mut() {
            *pending = Some((key, origin));
        }
    }

    /// Returns where the key was written whose value comes next.
    pub fn key_origin(&self) -> Origin {
        match self.frames.last() {
            Some(Frame { open: Open::Map(_, Some((_, origin))), .. }) => *origin,
            Some(frame) => frame.origin,
            None => Origin::default(),
        }
    }

    /// Closes what was opened last; the caller hands it to [`Builder::value`].
    pub fn close(&mut self) -> Tree {
        match self.frames.pop() {
            Some(Frame { origin, open: Open::List(list) }) => Tree::new(Node::List(list), origin),
            Some(Frame { origin, open: Open::Map(map, _) }) => Tree::new(Node::Map(map), origin),
            None => Tree::new(Node::Null, Origin::default()),
        }
    }

    pub fn value(&mut self, value: Tree) {
        match self.frames.last_mut() {
            Some(Frame { open: Open::List(list), .. }) => list.push(value),
            Some(Frame { open: Open::Map(map, pending), .. }) => {
                if let Some((key, origin)) = pending.take() {
                    map.push_entry(Entry { key, origin, value });
                }
            }
            None => self.root = Some(value),
        }
    }

    /// Returns the place of the next value.
    pub fn path(&self) -> Path {
        self.frames.iter().fold(Path::root(), |path, frame| match &frame.open {
            Open::List(list) => path.index(list.len()),
            Open::Map(_, Some((key, _))) => path.key(key),
            Open::Map(_, None) => path,
        })
    }

    pub fn finish(self) -> Option<Tree> {
        self.root
    }
}

pub(super) fn too_deep(origin: Origin) -> SyntaxError {
    SyntaxError::at(origin, format!("lists and objects are nested more than {DEEPEST} levels deep"))
        .hint("a template needs about twenty levels; is there a bracket that is never closed?")
}
