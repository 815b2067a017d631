//! A CI linter and safety analyzer for Alembic migration histories on PostgreSQL.
//!
//! Files go in at the ground floor, meaning rises, words come out at the roof; nothing walks down again.
//! The modules stand in reading order; `ARCHITECTURE.md` says what holds of each floor.

// Ground floor: places, and what can be wrong at them.
pub mod finding;
pub mod reason;
pub mod source;

// First floor: one revision. `python`, `render` and `sql` do not know each other.
pub mod environment;
pub mod op;
pub mod python;
pub mod render;
pub mod revision;
pub mod sql;
pub mod statement;
pub mod stats;

// Second floor: what all revisions together come to.
pub mod base;
pub mod history;
pub mod lock;
pub mod schema;

// Third floor: judgement.
pub mod check;
pub mod fix;
pub mod policy;
pub mod rule;
pub mod rules;
pub mod suppress;

// Roof: words.
pub mod output;

// Shell: the outside world.
pub mod cli;
pub mod config;
pub mod discover;
pub mod fault;
pub mod git;
pub mod roundtrip;
pub mod run;
