use tree::Path;

/// The way to a node of a template, kept on the stack while expressions are lowered; only a finding turns it into a [`Path`].
#[derive(Clone, Copy)]
pub(crate) struct Way<'w> {
    parent: Option<&'w Way<'w>>,
    step: Step<'w>,
}

#[derive(Clone, Copy)]
enum Step<'w> {
    Key(&'w str),
    Index(usize),
}

impl<'w> Way<'w> {
    /// Begins at a section of a template.
    pub fn section(title: &'w str) -> Self {
        Self { parent: None, step: Step::Key(title) }
    }

    pub fn key(&'w self, key: &'w str) -> Self {
        Self { parent: Some(self), step: Step::Key(key) }
    }

    pub fn index(&'w self, index: usize) -> Self {
        Self { parent: Some(self), step: Step::Index(index) }
    }

    pub fn path(&self) -> Path {
        let parent = self.parent.map(Self::path).unwrap_or_default();
        match self.step {
            Step::Key(key) => parent.key(key),
            Step::Index(index) => parent.index(index),
        }
    }
}
