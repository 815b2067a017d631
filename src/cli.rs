//! The command line's types and their help.
