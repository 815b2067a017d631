//! The report in words; each format is one file.

pub mod history;
