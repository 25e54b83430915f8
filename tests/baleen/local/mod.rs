//! The whole pipeline on the local cloud: the emulator, the workflow, real workers, real FFmpeg.
//!
//! Each test has a local cloud of its own, in a folder of its own; the developer's is never touched.

mod cloud;
mod deployers;
mod deployment;
mod faults;
mod front;
mod instances;
mod review;
mod swap;
mod video;
mod videos;
