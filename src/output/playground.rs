//! The page of `limbeck playground`: texts on one side, the page of their report on the other.
//!
//! The report is shown in a frame that has no origin of its own to speak for, under the policy of both pages.

use super::page;

const PAGE: &str = include_str!("playground/playground.html");
const STYLE: &str = include_str!("playground/playground.css");
const SCRIPT: &str = include_str!("playground/playground.js");

/// A page, and the policy that it is served under.
pub struct Page {
    /// The whole page.
    pub html: String,
    /// The value of `Content-Security-Policy`.
    pub policy: String,
}

/// The page; it is always the same.
#[must_use]
pub fn page() -> Page {
    let style = format!("{}{STYLE}", page::STYLE);
    let (head, rest) = PAGE.split_once("@STYLE@").unwrap_or((PAGE, ""));
    let (body, tail) = rest.split_once("@SCRIPT@").unwrap_or((rest, ""));
    let hashes = |own: &str, framed: &str| format!("'sha256-{}' 'sha256-{}'", page::hash(own), page::hash(framed));
    let policy = format!(
        "default-src 'none'; style-src {}; script-src {}; connect-src 'self'; base-uri 'none'; form-action 'none'; \
         frame-ancestors 'none'",
        hashes(&style, page::STYLE),
        hashes(SCRIPT, page::SCRIPT)
    );
    Page { html: format!("{head}{style}{body}{SCRIPT}{tail}"), policy }
}
