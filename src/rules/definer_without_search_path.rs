//! See `rules/definer-without-search-path.md`.

use crate::{
    finding::Severity,
    rule::{Check, Findings, Group, Site, Spec},
    statement::{Definition, Sort},
};

pub(super) static SPEC: Spec =
    Spec { severity: Severity::Warning, group: Group::Security, default: true, check: Check::Statement(check) };

fn check(site: &Site<'_>, findings: &mut Findings<'_>) {
    let Some(Definition::Make(make)) = site.statement.definition.as_deref() else { return };
    if make.sort != Sort::Function {
        return;
    }
    let options = unquoted(&make.sql).to_ascii_lowercase();
    if !options.contains("security definer") || options.contains("set search_path") {
        return;
    }
    let message = format!(
        "`{}` runs with its owner's rights, and with the caller's `search_path`: the caller chooses what its names mean",
        make.name
    );
    findings
        .report(site.statement.span, message)
        .object(make.name.name.clone())
        .help("SECURITY DEFINER SET search_path = pg_catalog, pg_temp  -- and every name in the body with its schema");
}

/// The text without what stands in quotes: strings, names and dollar-quoted bodies.
fn unquoted(sql: &str) -> String {
    let mut out = String::new();
    let mut rest = sql;
    while let Some(at) = rest.find(['\'', '"', '$']) {
        out.push_str(&rest[..at]);
        let tail = &rest[at..];
        let open = match tail.strip_prefix('$') {
            Some(inner) => inner.find('$').map_or("$", |end| &tail[..end + 2]),
            None => &tail[..1],
        };
        rest = match tail[open.len()..].find(open) {
            Some(close) => &tail[open.len() + close + open.len()..],
            None => "",
        };
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::unquoted;

    #[test]
    fn bodies_and_strings_are_left_out() {
        assert_eq!(unquoted("a 'b' c \"d\" e $f$ g $$ h $f$ i $$ j $$"), "a  c  e  i ");
        assert_eq!(unquoted("open 'end"), "open ");
    }
}
