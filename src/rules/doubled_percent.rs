//! See `rules/doubled-percent.md`.

use crate::{
    finding::{Repair, Severity},
    op::Op,
    rule::{Asked, Check, Findings, Group, Spec},
};

pub(super) static SPEC: Spec =
    Spec { severity: Severity::Warning, group: Group::Alembic, default: true, check: Check::Operation(check) };

fn check(asked: &Asked<'_>, findings: &mut Findings<'_>) {
    let Op::Execute(clause) = &asked.step.op else { return };
    let text = clause.text.as_str();
    let found = doubled(text).into_iter().find_map(|(at, literal)| Some((at, effect(text, at, literal)?)));
    let Some((at, (message, severity))) = found else { return };
    let finding = findings.report(clause.text.place(at, at + 2).unwrap_or(asked.step.span), message);
    finding.severity = severity;
    finding.object("%%").help("%");
    for (at, _) in doubled(text).into_iter().filter(|(at, literal)| effect(text, *at, *literal).is_some()) {
        if let Some(span) = clause.text.place(at, at + 2) {
            finding.repair(Repair::Replace { span, old: "%%".to_owned(), new: "%".to_owned() });
        }
    }
}

/// What it does that nobody means; `None` where two say the same as one, or are what is meant.
fn effect(text: &str, at: usize, literal: Option<usize>) -> Option<(&'static str, Severity)> {
    // Between dollar signs may be code or a value, and a literal in code may be code again.
    let quoted = text.contains('$');
    let Some(literal) = literal else {
        let type_of = ["TYPE", "ROWTYPE"].iter().any(|it| starts_with(&text[at + 2..], it));
        if quoted && !type_of {
            return None;
        }
        let message = if type_of {
            "`%%` reaches PostgreSQL as it stands, which always refuses it before `TYPE`"
        } else {
            "`%%` reaches PostgreSQL as it stands, and it has no such operator"
        };
        return Some((message, Severity::Error));
    };
    let before = text[..literal].to_ascii_uppercase();
    let before = before.strip_suffix(" E").unwrap_or(&before).trim_end();
    // A pattern of two says what one says, and in `RAISE` two are one percent sign.
    if ["LIKE", "~~", "~~*", "SIMILAR TO", "NOTICE", "EXCEPTION", "WARNING", "INFO", "LOG", "DEBUG", "RAISE"]
        .iter()
        .any(|it| before.ends_with(it))
    {
        return None;
    }
    if before.ends_with("FORMAT(") || before.ends_with("FORMAT (") {
        let specifier = text[at + 2..].starts_with(['I', 'L', 's']);
        return specifier.then_some((
            "`%%` reaches PostgreSQL as it stands: `format` writes a percent sign, not its argument",
            Severity::Warning,
        ));
    }
    (!quoted).then_some(("`%%` reaches PostgreSQL as it stands: both percent signs are kept", Severity::Warning))
}

fn starts_with(text: &str, word: &str) -> bool {
    text.get(..word.len()).is_some_and(|it| it.eq_ignore_ascii_case(word))
}

/// Every `%%`, and where the string literal begins that it stands in. The body of a function counts as code;
/// comments are left out.
fn doubled(text: &str) -> Vec<(usize, Option<usize>)> {
    let bytes = text.as_bytes();
    let mut found = Vec::new();
    let (mut at, mut literal) = (0, None);
    while at < bytes.len() {
        let rest = &bytes[at..];
        match literal {
            None if rest.starts_with(b"--") => at += rest.iter().position(|it| *it == b'\n').unwrap_or(rest.len()),
            None if rest.starts_with(b"/*") => {
                at += rest.windows(2).position(|it| it == b"*/").map_or(rest.len(), |end| end + 2);
            }
            None if rest[0] == b'"' => {
                at += rest.iter().skip(1).position(|it| *it == b'"').map_or(rest.len(), |end| end + 2);
            }
            Some(_) if rest.starts_with(b"''") => at += 2,
            _ if rest[0] == b'\'' => {
                literal = if literal.is_some() { None } else { Some(at) };
                at += 1;
            }
            _ if rest.starts_with(b"%%") => {
                found.push((at, literal));
                at += rest.iter().take_while(|it| **it == b'%').count();
            }
            _ => at += 1,
        }
    }
    found
}
