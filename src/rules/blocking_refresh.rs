//! See `rules/blocking-refresh.md`.

use crate::{
    finding::Severity,
    rule::{Check, Findings, Group, Site, Spec, code},
    schema::Sort,
    statement::{Kind, Upkeep},
};

pub(super) static SPEC: Spec =
    Spec { severity: Severity::Error, group: Group::Lock, default: true, check: Check::Statement(check) };

fn check(site: &Site<'_>, findings: &mut Findings<'_>) {
    let Kind::Upkeep(Upkeep::Refresh { view, concurrently: false, empty: false }) = &site.statement.kind else {
        return;
    };
    let made = site.schema.object(Sort::View, view).yes().map(|it| it.made);
    let dropped = site.later.iter().any(|it| matches!(&it.kind, Kind::DropView { views, .. } if views.contains(view)));
    if made.is_some_and(|it| site.is_new(it.run)) || dropped {
        return;
    }
    // `WITH NO DATA`: nobody reads it before this.
    let empty = site.schema.object(Sort::View, view).yes().is_some_and(|it| {
        it.sql.trim_end().trim_end_matches(';').trim_end().to_ascii_uppercase().ends_with("WITH NO DATA")
    });
    if empty {
        return;
    }
    let Some(sentence) = site.effect().sentence(view) else { return };
    let key = site.schema.indexes().any(|it| it.table == *view && it.unique);
    let (on, schema) = (code::quoted(&view.name), code::schema(view));
    let index = if key {
        String::new()
    } else {
        let name = code::quoted(&code::fitting(format!("{}_key", view.name)));
        let build =
            format!("op.create_index({name}, {on}, [\"…\"], unique=True{schema}, postgresql_concurrently=True)");
        format!(
            "# it needs a unique index of plain columns, once:\n{}\n# in a later revision:\n",
            code::autocommit(&build)
        )
    };
    let refresh = code::execute(&format!("REFRESH MATERIALIZED VIEW CONCURRENTLY {}", code::table(view)));
    let finding = findings.report(site.statement.place(&view.name), format!("refreshing `{view}` {sentence}"));
    finding.severity = site.graded(Severity::Error, Severity::Warning);
    finding.object(&view.name).help(format!("{index}{refresh}"));
    if let Some(made) = made {
        finding.note(made.span, format!("`{view}` is in use since it was made here"));
    }
}
