use crate::swap::SwapPlan;
use crate::{DestroyPlan, ImportPlan, Plan, RollbackPlan};

/// Gives a person's word, or refuses it.
///
/// It is asked one question at a time, and may take as long as it likes.
pub trait Approver: Send + Sync {
    /// Says whether it may be done.
    fn approve(&self, question: Question<'_>) -> bool;
}

/// What needs a person's word.
#[derive(Clone, Copy, Debug)]
pub enum Question<'a> {
    /// May all of this be done?
    Deploy(&'a Plan),
    /// May these resources be taken over?
    Import(&'a ImportPlan),
    /// May all of this be deleted?
    Destroy(&'a DestroyPlan),
    /// May these stacks be rolled back?
    Rollback(&'a RollbackPlan),
    /// May the colours be swapped like this?
    Swap(&'a SwapPlan),
    /// May all work go back to the old colour?
    SwapBack {
        /// The colour that was live before.
        old: &'a str,
        /// The colour that gives its work up.
        new: &'a str,
    },
}

/// Answers every question with the same word: `|_| true` is `--yes`.
impl<F: Fn(Question<'_>) -> bool + Send + Sync> Approver for F {
    fn approve(&self, question: Question<'_>) -> bool {
        self(question)
    }
}
