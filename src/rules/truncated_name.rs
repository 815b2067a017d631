//! See `rules/truncated-name.md`.

use crate::{
    finding::Severity,
    op::Op,
    rule::{Check, Findings, Group, Site, Spec},
    statement::{Action, Kind},
};

pub(super) static SPEC: Spec =
    Spec { severity: Severity::Warning, group: Group::Alembic, default: true, check: Check::Statement(check) };

/// `NAMEDATALEN - 1` of PostgreSQL's `pg_config_manual.h`, in bytes.
const LONGEST: usize = 63;

fn check(site: &Site<'_>, findings: &mut Findings<'_>) {
    // SQLAlchemy refuses or shortens names itself, always in the same way.
    if !matches!(site.step().map(|it| &it.op), Some(Op::Execute(_) | Op::Driver(_))) {
        return;
    }
    let sql = site.statement.sql.as_str();
    let is_word = |it: char| it.is_alphanumeric() || it == '_' || it == '$';
    for name in given(&site.statement.kind).into_iter().filter(|it| it.len() > LONGEST - 4) {
        // The parser has cut the name as the server does: the whole one stands in the text.
        let words = sql.split(|it: char| !is_word(it));
        let mut whole = words.filter(|word| word.len() > LONGEST && word.to_lowercase().starts_with(name));
        let Some(word) = whole.next() else { continue };
        let message = format!("PostgreSQL cuts this name to `{name}`, and only says so in a notice");
        findings.report(site.statement.place(word), message).object(word).help("give it a name of at most 63 bytes");
    }
}

/// The names that the statement gives.
fn given(kind: &Kind) -> Vec<&str> {
    match kind {
        Kind::CreateTable(create) => {
            let columns = create.columns.iter().map(|it| it.name.as_str());
            let constraints = create.constraints.iter().filter_map(|it| it.name.as_deref());
            std::iter::once(create.table.name.as_str()).chain(columns).chain(constraints).collect()
        }
        Kind::CreateIndex(create) => create.index.as_deref().into_iter().collect(),
        Kind::AlterTable { actions, .. } => actions
            .iter()
            .filter_map(|it| match it {
                Action::AddColumn { column, .. } => Some(column.name.as_str()),
                Action::AddConstraint(it) => it.name.as_deref(),
                _ => None,
            })
            .collect(),
        Kind::RenameTable { to, .. }
        | Kind::RenameColumn { to, .. }
        | Kind::RenameConstraint { to, .. }
        | Kind::RenameIndex { to, .. } => vec![to],
        Kind::CreateView { view, .. } => vec![&view.name],
        _ => Vec::new(),
    }
}
