//! The configuration's text to a policy.
