//! What policies allow, compared by effect.

mod applies;
pub(crate) mod condition;
pub(crate) mod describe;
pub(crate) mod pattern;
pub(crate) mod statement;
pub(crate) mod text;
pub(crate) mod widen;

#[cfg(test)]
mod model;
#[cfg(test)]
mod tests;
