//! The fold: histories to a report.
