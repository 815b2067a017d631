//! Spans as SARIF has them.

use crate::{
    finding::{Edit, Note},
    source::{Sources, Span},
};
use serde_sarif::sarif::{
    ArtifactChange, ArtifactContent, ArtifactLocation, Fix, Location, Message, PhysicalLocation, Region, Replacement,
};
use std::fmt::Write;

/// What all paths are relative to.
pub(super) const ROOT: &str = "%SRCROOT%";

/// A longer text (bytes) is not copied into the log: half a file can be one span.
const LONGEST_SNIPPET: usize = 16 * 1024;

/// A span with its text.
pub(super) fn location(sources: &Sources, span: Span) -> Location {
    let file = file(&sources.get(span.source).path);
    let physical = PhysicalLocation::builder().artifact_location(file).region(region(sources, span)).build();
    Location::builder().physical_location(physical).build()
}

fn file(path: &str) -> ArtifactLocation {
    let mut file = ArtifactLocation::builder().uri(uri(path)).build();
    if !path.starts_with('/') {
        file.uri_base_id = Some(ROOT.to_owned());
    }
    file
}

/// What takes a finding away: edits of one file, in order.
pub(super) fn fix(sources: &Sources, rule: &str, edits: Vec<Edit>) -> Fix {
    let path = edits.first().map(|it| sources.get(it.span.source).path.clone()).unwrap_or_default();
    let replacements: Vec<Replacement> = edits
        .into_iter()
        .map(|edit| {
            let place = sources.place(edit.span);
            let region = Region::builder()
                .start_line(place.line)
                .start_column(place.column)
                .end_line(place.end_line)
                .end_column(place.end_column)
                .build();
            let content = ArtifactContent::builder().text(edit.text).build();
            Replacement::builder().deleted_region(region).inserted_content(content).build()
        })
        .collect();
    let change = ArtifactChange::builder().artifact_location(file(&path)).replacements(replacements).build();
    Fix::builder().description(Message::from(&format!("Fix `{rule}`"))).artifact_changes(vec![change]).build()
}

/// The other places of a finding, numbered from 1.
pub(super) fn related(sources: &Sources, notes: &[Note]) -> Option<Vec<Location>> {
    let locations = (1..).zip(notes).map(|(id, note)| {
        let mut location = location(sources, note.span);
        location.id = Some(id);
        location.message = Some(Message::from(&note.message));
        location
    });
    (!notes.is_empty()).then(|| locations.collect())
}

fn region(sources: &Sources, span: Span) -> Region {
    let place = sources.place(span);
    let mut region = Region::builder()
        .start_line(place.line)
        .start_column(place.column)
        .end_line(place.end_line)
        .end_column(place.end_column)
        .build();
    let snippet = sources.snippet(span);
    if snippet.len() <= LONGEST_SNIPPET {
        region.snippet = Some(ArtifactContent::builder().text(snippet).build());
    }
    region
}

/// A path as a URI reference (RFC 3986): everything but unreserved characters and `/` in percent.
fn uri(path: &str) -> String {
    let scheme = if path.starts_with('/') { "file://" } else { "" };
    path.bytes().fold(scheme.to_owned(), |mut uri, byte| {
        if byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte) {
            uri.push(char::from(byte));
        } else {
            // Writing to a string cannot fail.
            let _ = write!(uri, "%{byte:02X}");
        }
        uri
    })
}
