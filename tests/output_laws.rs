//! Laws of the formats, whatever stands in the files and wherever a finding points.
#![expect(clippy::expect_used, reason = "a test may panic")]

use limbeck::{
    check::Report,
    finding::{Finding, Severity},
    output::{Format, Look, Output, Paths},
    source::{SourceId, Sources, Span},
};
use proptest::prelude::*;

/// A span between any two character boundaries.
fn span(sources: &Sources, id: SourceId, from: usize, to: usize) -> Span {
    let text = &sources.get(id).text;
    let edges: Vec<usize> = text.char_indices().map(|(at, _)| at).chain([text.len()]).collect();
    let (a, b) = (edges[from % edges.len()], edges[to % edges.len()]);
    let at = |byte: usize| u32::try_from(byte).expect("a short text");
    Span { source: id, start: at(a.min(b)), end: at(a.max(b)) }
}

fn written(output: &Output<'_>, format: Format) -> String {
    let mut out = Vec::new();
    output.write(format, &mut out).expect("memory takes all");
    String::from_utf8(out).expect("text")
}

fn texts() -> impl Strategy<Value = Vec<String>> {
    // Line ends of all kinds, wide and combining characters, controls, and lines long enough to be cut.
    let part =
        prop_oneof!["[a-z (\"]{0,9}", "[\r\n\t]{1,3}", "[é你😀\u{301}\u{200d}\u{202e}\u{1b}\u{0}]{1,3}", "x{90,150}"];
    let text = prop::collection::vec(part, 0..12).prop_map(|parts| parts.concat());
    prop::collection::vec(text, 1..4)
}

proptest! {
    #[test]
    fn any_place_in_any_text_can_be_shown(
        texts in texts(),
        places in prop::collection::vec((0usize..4, 0usize..999, 0usize..999), 1..14),
        words in prop::collection::vec(any::<String>(), 4),
        object in any::<String>(),
    ) {
        let sources = Sources::default();
        let names = texts.iter().enumerate();
        let ids: Vec<SourceId> = names.map(|(at, text)| sources.add(format!("{at}.py"), text.clone())).collect();
        let mut spans = places.iter().map(|&(file, from, to)| span(&sources, ids[file % ids.len()], from, to));
        let mut finding = Finding::new("x", Severity::Error, spans.next().expect("one"), words[0].clone());
        finding.help(words[1].clone()).object(object);
        finding.sql = Some(words[2].clone());
        for span in spans {
            finding.note(span, words[3].clone());
        }
        let report = Report { findings: vec![finding], ..Report::default() };
        let paths = Paths::default();
        let output = Output { report: &report, histories: &[], sources: &sources, paths: &paths, look: Look::Plain, statistics: true, trials: None, locks: None };
        let human = written(&output, Format::Human);
        prop_assert!(!human.chars().any(|it| it.is_control() && it != '\n'));
        prop_assert!(!human.contains("Failed to read"));
        prop_assert_eq!(written(&output, Format::Github).split(['\n', '\r']).filter(|it| !it.is_empty()).count(), 1);
        for format in [Format::Json, Format::Sarif] {
            prop_assert!(serde_json::from_str::<serde_json::Value>(&written(&output, format)).is_ok());
        }
    }
}
