use super::SyntaxError;
use crate::{Entry, Node, Origin, Path, Tree};

/// Deeper trees are refused, so that no reader of trees can run out of stack. Real templates have about twenty levels.
pub(super) const DEEPEST: usize = 100;

/// Puts values together; what is open is on a stack of its own instead of the program's.
///
/// The values of all that is open wait in one place, so that each list and each object is made once, with just the room
/// that it needs.
#[derive(Default)]
pub(super) struct Builder {
    frames: Vec<Frame>,
    values: Vec<Tree>,
    entries: Vec<Entry>,
    root: Option<Tree>,
}

struct Frame {
    origin: Origin,
    open: Open,
}

enum Open {
    /// Where its values begin.
    List(usize),
    /// Where its entries begin, and the key whose value comes next.
    Map(usize, Option<(String, Origin)>),
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
        self.open(origin, Open::List(self.values.len()))
    }

    pub fn open_map(&mut self, origin: Origin) -> Result<(), SyntaxError> {
        self.open(origin, Open::Map(self.entries.len(), None))
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
            Some(Frame { origin, open: Open::List(start) }) => {
                Tree::new(Node::List(self.values.drain(start..).collect()), origin)
            }
            Some(Frame { origin, open: Open::Map(start, _) }) => {
                Tree::new(Node::Map(self.entries.drain(start..).collect()), origin)
            }
            None => Tree::new(Node::Null, Origin::default()),
        }
    }

    pub fn value(&mut self, value: Tree) {
        match self.frames.last_mut() {
            Some(Frame { open: Open::List(_), .. }) => self.values.push(value),
            Some(Frame { open: Open::Map(_, pending), .. }) => {
                if let Some((key, origin)) = pending.take() {
                    self.entries.push(Entry { key, origin, value });
                }
            }
            None => self.root = Some(value),
        }
    }

    /// Returns the place of the next value.
    pub fn path(&self) -> Path {
        let starts = self.frames.iter().filter_map(|frame| match frame.open {
            Open::List(start) => Some(start),
            Open::Map(..) => None,
        });
        // The values of a list end where those of the next one begin.
        let mut ends = starts.skip(1).chain([self.values.len()]);
        self.frames.iter().fold(Path::root(), |path, frame| match &frame.open {
            Open::List(start) => path.index(ends.next().unwrap_or_default().saturating_sub(*start)),
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
