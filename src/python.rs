//! The reader: a revision file's text to a Revision. The only room that knows ruff.
