//! What a finding's repairs come to as text, and whether they have done what they were to do.
//!
//! A fix is a promise: its finding is gone, and nothing else is worse. Who writes it holds the report of the new text
//! against that of the old one first.

use crate::{
    check::Report,
    finding::{Edit, Finding, Severity, Subject},
    python::edit::{self, BLOCK},
    source::Sources,
};
use std::collections::BTreeMap;

/// The edits that take a finding away, of one file, in order; `None` where it has none that can be told exactly.
#[must_use]
pub fn of(finding: &Finding, sources: &Sources) -> Option<Vec<Edit>> {
    if finding.repairs.is_empty() {
        return None;
    }
    let id = finding.span.source;
    edit::edits(&sources.get(id), id, &finding.repairs).filter(|edits| !edits.is_empty())
}

/// The edits touch each other, or are in each other's way.
#[must_use]
pub fn collide(one: &[Edit], other: &[Edit]) -> bool {
    let touch =
        |a: &Edit, b: &Edit| a.span.source == b.span.source && a.span.start <= b.span.end && b.span.start <= a.span.end;
    one.iter().any(|a| other.iter().any(|b| touch(a, b)))
}

/// The text with the edits, which are in order and do not touch each other. A block that would directly follow another
/// one goes on with that.
#[must_use]
pub fn applied(text: &str, edits: &[Edit]) -> String {
    let mut whole = String::with_capacity(text.len() + edits.iter().map(|it| it.text.len()).sum::<usize>());
    let mut from = 0;
    for edit in edits {
        whole.push_str(text.get(from..edit.span.start as usize).unwrap_or(""));
        from = edit.span.end as usize;
        let inner = edit.text.strip_prefix(BLOCK).map(|it| it.trim_start_matches(['\r', '\n']));
        match (inner, going_on(&whole)) {
            (Some(inner), Some(indent)) => whole.push_str(inner.strip_prefix(indent.as_str()).unwrap_or(inner)),
            _ => whole.push_str(&edit.text),
        }
    }
    whole.push_str(text.get(from..).unwrap_or(""));
    whole
}

/// What stands before the place, which is the first on its line, is the inside of a block outside of the transaction;
/// the indentation of that block.
fn going_on(before: &str) -> Option<String> {
    let (above, indent) = before.rsplit_once('\n')?;
    for (at, line) in above.lines().rev().enumerate() {
        let inner = line.strip_prefix(indent)?;
        if inner.starts_with([' ', '\t']) && !inner.trim().is_empty() {
            continue;
        }
        return (at > 0 && inner.trim_end() == BLOCK).then(|| indent.to_owned());
    }
    None
}

/// How often something is found that is at least so bad: notes, warnings, errors.
type Counts = BTreeMap<(&'static str, Subject), [usize; 3]>;

fn counts<'a>(findings: impl Iterator<Item = &'a Finding>) -> Counts {
    let mut counts = Counts::new();
    for finding in findings.filter(|it| !it.suppressed) {
        let known = counts.entry((finding.rule, finding.subject.clone())).or_default();
        for (count, least) in known.iter_mut().zip([Severity::Note, Severity::Warning, Severity::Error]) {
            *count += usize::from(finding.severity >= least);
        }
    }
    counts
}

/// After the fixes of these findings they are gone, nothing is found that was not found before, and no less is
/// understood.
///
/// # Errors
/// What is not so, in words that follow "since".
pub fn hold(before: &Report, after: &Report, fixed: &[&Finding]) -> Result<(), String> {
    let (old, new) = (counts(before.findings.iter()), counts(after.findings.iter()));
    for (key, found) in counts(fixed.iter().copied()) {
        let left = new.get(&key).map_or(0, |it| it[0]);
        if left + found[0] > old.get(&key).map_or(0, |it| it[0]) {
            return Err("it would be found all the same".to_owned());
        }
    }
    for (key, found) in &new {
        let known = old.get(key).copied().unwrap_or_default();
        if found.iter().zip(known).any(|(now, then)| *now > then) {
            return Err(format!("that would bring `{}`", key.0));
        }
    }
    if after.summary.unresolved > before.summary.unresolved || after.summary.undecided > before.summary.undecided {
        return Err("less would be understood then".to_owned());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        finding::Repair,
        source::{SourceId, Span},
    };

    fn span(id: SourceId, text: &str, part: &str) -> Span {
        let at = u32::try_from(text.find(part).unwrap()).unwrap();
        Span { source: id, start: at, end: at + u32::try_from(part.len()).unwrap() }
    }

    /// The text with the repairs that `make` gives for a part of it.
    fn repaired(text: &str, parts: &[&str], make: impl Fn(Span) -> Vec<Repair>) -> Option<String> {
        let sources = Sources::default();
        let id = sources.add("a.py", text);
        let mut edits = Vec::new();
        for part in parts {
            let mut finding = Finding::new("x", Severity::Note, span(id, text, part), "x");
            finding.repairs = make(finding.span);
            edits.extend(of(&finding, &sources)?);
        }
        edits.sort_by_key(|it| it.span.start);
        Some(applied(text, &edits))
    }

    fn concurrent(call: Span) -> Vec<Repair> {
        let value = "True".to_owned();
        vec![
            Repair::Argument { call, name: "postgresql_concurrently", place: None, value },
            Repair::Autocommit { call },
        ]
    }

    #[test]
    fn statements_are_put_into_a_block_and_the_next_goes_on_with_it() {
        let text = "def upgrade():\n\top.a(1)  # one\n\top.b(\n\t\t\"x\",\n\n\t\t\"\"\"t\nu\"\"\",\n\t)\n\top.c()\n\n\t# two\n\top.d()\n";
        let whole =
            repaired(text, &["op.a(1)", "op.b(\n\t\t\"x\",\n\n\t\t\"\"\"t\nu\"\"\",\n\t)", "op.d()"], concurrent);
        let wanted = "def upgrade():\n\twith op.get_context().autocommit_block():\n\
            \t\top.a(1, postgresql_concurrently=True)  # one\n\
            \t\top.b(\n\t\t\t\"x\",\n\n\t\t\t\"\"\"t\nu\"\"\",\n\t\t\tpostgresql_concurrently=True,\n\t\t)\n\
            \top.c()\n\n\t# two\n\twith op.get_context().autocommit_block():\n\t\top.d(postgresql_concurrently=True)\n";
        assert_eq!(whole.unwrap(), wanted);
    }

    #[test]
    fn what_cannot_be_told_exactly_is_left() {
        for (text, part) in [
            ("def upgrade():\n    op.a(); op.b()\n", "op.a()"),
            ("def upgrade(): op.a()\n", "op.a()"),
            ("def upgrade():\n    x = op.a()\n", "op.a()"),
            ("def upgrade():\n    batch.a()\n", "batch.a()"),
            ("def upgrade():\n    op.a(*given)\n", "op.a(*given)"),
            ("def upgrade():\n    op.a(\n", "op.a("),
        ] {
            assert_eq!(repaired(text, &[part], concurrent), None, "{text}");
        }
    }

    #[test]
    fn arguments_come_where_arguments_stand() {
        let set = |call| vec![Repair::Argument { call, name: "name", place: Some(0), value: "\"n\"".to_owned() }];
        for (before, after) in [
            ("f(None, 1)\n", "f(\"n\", 1)\n"),
            ("f(a=1, name = None)\n", "f(a=1, name = \"n\")\n"),
            ("f(a=(1))\n", "f(a=(1), name=\"n\")\n"),
            ("f(a=1,)\n", "f(a=1, name=\"n\",)\n"),
            ("f()\n", "f(name=\"n\")\n"),
            ("f(\n  a=1,  # why\n)\n", "f(\n  a=1,  # why\n  name=\"n\",\n)\n"),
            ("f(\r\n  a=1,\r\n)\r\n", "f(\r\n  a=1,\r\n  name=\"n\",\r\n)\r\n"),
            ("f(a=1  # why\n  )\n", "f(a=1, name=\"n\"  # why\n  )\n"),
        ] {
            assert_eq!(repaired(before, &[before.trim_end()], set).as_deref(), Some(after));
        }
    }

    #[test]
    fn a_downgrade_is_filled_or_made() {
        let fill = |_| vec![Repair::Downgrade { code: "op.a()\nwith x:\n    op.b()".to_owned() }];
        for (before, after) in [
            (
                "def downgrade() -> None:\n  # why\n  pass  # no\n",
                "def downgrade() -> None:\n  # why\n  op.a()\n  with x:\n    op.b()  # no\n",
            ),
            ("def downgrade(): pass\r\n", "def downgrade():\r\n    op.a()\r\n    with x:\r\n        op.b()\r\n"),
            (
                "def downgrade():\n  \"\"\"Back.\"\"\"\n",
                "def downgrade():\n  \"\"\"Back.\"\"\"\n  op.a()\n  with x:\n    op.b()\n",
            ),
            (
                "def upgrade():\n\tpass",
                "def upgrade():\n\tpass\n\n\ndef downgrade():\n\top.a()\n\twith x:\n\t\top.b()\n",
            ),
        ] {
            assert_eq!(repaired(before, &["d"], fill).as_deref(), Some(after));
        }
    }

    #[test]
    fn a_comment_goes_with_its_line_where_it_is_alone() {
        let drop = |span| vec![Repair::Uncomment { span }];
        for (before, after) in
            [("x = 1\n  # go\r\ny = 2\n", "x = 1\ny = 2\n"), ("x = 1  # go\r\ny = 2\n", "x = 1\r\ny = 2\n")]
        {
            assert_eq!(repaired(before, &["# go"], drop).as_deref(), Some(after));
        }
        assert_eq!(repaired("x = '# go'\n", &["# go"], drop), None);
    }
}
