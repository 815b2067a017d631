//! What a query reads from: which sources it names itself, which it takes from the statement around it
//! (`_get_display_froms` of SQLAlchemy), and how each of them is written.

use super::{
    Unrendered, clause,
    expr::Core,
    names, refused, types,
    words::{Made, join, when},
};
use crate::{
    op::{Correlation, Expr, From, Name, Select, Source, sources_of},
    source::Text,
};

/// The sources of an enclosing statement.
#[derive(Clone, Default)]
pub(super) struct Enclosing {
    /// Those of the statement itself.
    pub(super) nearest: Vec<Source>,
    /// And of all around it.
    pub(super) all: Vec<Source>,
}

/// A common table expression that the statement has mentioned.
pub(super) struct Cte {
    source: Source,
    name: String,
    recursive: bool,
    /// `None` while it is being written.
    text: Option<Text>,
}

/// Adds what is not there yet.
pub(super) fn add(sources: &mut Vec<Source>, source: &Source) {
    if !sources.contains(source) {
        sources.push(source.clone());
    }
}

/// A join and what it joins.
fn with_parts(source: &Source, found: &mut Vec<Source>) {
    add(found, source);
    if let From::Join { left, right, .. } = &**source {
        with_parts(left, found);
        with_parts(right, found);
    }
}

/// What the query would name if it stood alone.
fn own(select: &Select) -> Vec<Source> {
    let mut found = Vec::new();
    for source in &select.from {
        add(&mut found, source);
    }
    for expr in select.columns.iter().chain(&select.conditions) {
        sources_of(expr, &mut found);
    }
    let mut hidden = Vec::new();
    for source in &found {
        if let From::Join { left, right, .. } = &**source {
            with_parts(left, &mut hidden);
            with_parts(right, &mut hidden);
        }
    }
    found.retain(|source| !hidden.contains(source));
    found
}

impl Core<'_> {
    /// Enters the query: what it names in its `FROM`. To be left by [`Core::leave`].
    pub(super) fn enter(&mut self, select: &Select, as_from: bool) -> Result<Vec<Source>, Unrendered> {
        let around = self.enclosing.last().cloned().unwrap_or_default();
        let mut named = own(select);
        let is_offered = |source: &Source| around.all.contains(source) && !(as_from && around.nearest.contains(source));
        match &select.correlation {
            Correlation::Auto if !as_from && named.len() > 1 && !around.nearest.is_empty() => {
                named.retain(|source| !around.nearest.contains(source));
                if named.is_empty() {
                    return refused("a SELECT has no FROM of its own, all of it is correlated");
                }
            }
            Correlation::Auto => {}
            Correlation::To(given) => named.retain(|source| !(is_offered(source) && given.contains(source))),
            Correlation::Except(given) => named.retain(|source| !is_offered(source) || given.contains(source)),
        }
        self.enter_with(&named);
        Ok(named)
    }

    /// Enters a statement that names these.
    pub(super) fn enter_with(&mut self, named: &[Source]) {
        let mut nearest = Vec::new();
        for source in named {
            with_parts(source, &mut nearest);
        }
        let mut all = self.enclosing.last().map(|around| around.all.clone()).unwrap_or_default();
        for source in &nearest {
            add(&mut all, source);
        }
        self.enclosing.push(Enclosing { nearest, all });
    }

    pub(super) fn leave(&mut self) {
        self.enclosing.pop();
    }

    /// What stands before the name of a column of it.
    pub(super) fn qualifier(&mut self, source: &Source) -> Made {
        Ok(match &**source {
            From::Table(table) => names::table(table),
            From::Join { .. } | From::Text(_) => return refused("a column of what has no name"),
            _ => self.alias(source),
        })
    }

    /// The name that it goes by, made up where none was given.
    fn alias(&mut self, source: &Source) -> Text {
        let (given, base) = match &**source {
            From::Alias { of, name } => {
                let base = match &**of {
                    From::Table(table) => table.name.text.as_str(),
                    From::Alias { name: Some(name), .. } => name.text.as_str(),
                    _ => "anon",
                };
                (name.as_ref(), base)
            }
            From::Function { name, base, .. } => (name.as_ref(), base.as_deref().unwrap_or("anon")),
            From::Subquery { name, .. } | From::Cte { name, .. } | From::Values { name, .. } => (name.as_ref(), "anon"),
            _ => (None, "anon"),
        };
        if let Some(name) = given {
            return names::name(name);
        }
        if let Some((_, made)) = self.aliases.iter().find(|(known, _)| known == source) {
            return Text::made(names::quoted(made));
        }
        let made = self.label(base);
        self.aliases.push((source.clone(), made.clone()));
        Text::made(names::quoted(&made))
    }

    /// What stands behind `FROM` or `USING`.
    pub(super) fn sources(&mut self, items: &[Source]) -> Made {
        let mut parts = Vec::new();
        for item in items {
            parts.push(self.source(item)?);
        }
        Ok(join(parts, ", "))
    }

    /// The source as it stands in a `FROM`.
    pub(super) fn source(&mut self, item: &Source) -> Made {
        self.deeper(|core| core.source_itself(item))
    }

    fn source_itself(&mut self, item: &Source) -> Made {
        match &**item {
            From::Table(table) => Ok(names::table(table)),
            From::Alias { of, .. } if matches!(**of, From::Cte { .. }) => {
                let name = self.alias(item);
                Ok(sql![self.source(of)?, " AS ", name])
            }
            From::Alias { of, .. } => {
                let name = self.alias(item);
                Ok(sql![self.source(of)?, " AS ", name])
            }
            From::Join { left, right, on, outer, full } => {
                let word = match (full, outer) {
                    (true, _) => " FULL OUTER JOIN ",
                    (false, true) => " LEFT OUTER JOIN ",
                    (false, false) => " JOIN ",
                };
                let left = self.source(left)?;
                let nested = self.source(right)?;
                let right = if matches!(**right, From::Join { .. }) { sql!["(", nested, ")"] } else { nested };
                Ok(sql![left, word, right, " ON ", self.expr(on)?])
            }
            From::Subquery { select, lateral, .. } => {
                let name = self.alias(item);
                let body = self.select_within(select, true, *lateral)?;
                Ok(sql![when(*lateral, "LATERAL "), "(", body, ") AS ", name])
            }
            From::Cte { .. } => self.cte(item),
            From::Function { function, ordinality, lateral, derived, .. } => {
                let name = self.alias(item);
                let made = self.expr(function)?;
                let columns = self.derived(derived)?;
                let ordinality = when(*ordinality, " WITH ORDINALITY");
                Ok(sql![when(*lateral, "LATERAL "), made, ordinality, " AS ", name, columns])
            }
            From::Values { columns, rows, .. } => {
                let name = self.alias(item);
                let mut made = Vec::new();
                for row in rows {
                    made.push(self.expr(&Expr::Tuple(row.clone()))?);
                }
                let columns = join(columns.iter().map(names::name), ", ");
                Ok(sql!["(VALUES ", join(made, ", "), ") AS ", name, " (", columns, ")"])
            }
            From::Text(text) => clause::text(text, self.dialect),
        }
    }

    fn derived(&mut self, derived: &[(Name, Option<crate::op::Type>)]) -> Result<Option<Text>, Unrendered> {
        let mut parts = Vec::new();
        for (name, kind) in derived {
            parts.push(match kind {
                Some(kind) => sql![names::name(name), " ", types::sql_type(kind, None, self.dialect)?],
                None => names::name(name),
            });
        }
        Ok((!parts.is_empty()).then(|| sql!["(", join(parts, ", "), ")"]))
    }

    /// The name of a common table expression; its text is written once, before the statement.
    fn cte(&mut self, source: &Source) -> Made {
        let From::Cte { query, recursive, columns, restates, .. } = &**source else { return Ok(Text::default()) };
        let shown = self.alias(source);
        let name = shown.as_str().to_owned();
        if let Some(at) = self.ctes.iter().position(|known| known.name == name) {
            let known = &self.ctes[at];
            let known_restates = match &*known.source {
                From::Cte { restates, .. } => restates.clone(),
                _ => None,
            };
            if known.source == *source || known_restates.as_ref() == Some(source) {
                return Ok(shown);
            }
            if restates.as_ref() != Some(&known.source) {
                return refused(format!("several CTEs have the name `{name}`"));
            }
            self.ctes.remove(at);
        }
        self.ctes.push(Cte { source: source.clone(), name: name.clone(), recursive: *recursive, text: None });
        let inner = match &**query {
            crate::op::Query::Select(select) => self.select_within(select, true, false)?,
            other => self.query(other)?,
        };
        let columns = (*recursive && !columns.is_empty())
            .then(|| sql!["(", join(columns.iter().map(|name| names::name(&Name::plain(&*name.text))), ", "), ")"]);
        let text = sql![shown.clone(), columns, " AS \n(", inner, ")"];
        // It stands behind those that it mentions itself.
        if let Some(at) = self.ctes.iter().position(|known| known.source == *source) {
            let mut done = self.ctes.remove(at);
            done.text = Some(text);
            self.ctes.push(done);
        }
        Ok(shown)
    }

    /// `WITH …` before the statement, where it has mentioned any.
    pub(super) fn with_ctes(&mut self, statement: Text) -> Text {
        if self.ctes.is_empty() {
            return statement;
        }
        let recursive = when(self.ctes.iter().any(|cte| cte.recursive), "RECURSIVE ");
        let texts: Vec<Text> = self.ctes.drain(..).filter_map(|cte| cte.text).collect();
        sql!["WITH ", recursive, join(texts, ", \n"), "\n ", statement]
    }
}
