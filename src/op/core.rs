//! SQLAlchemy Core as data: expressions, what they read from, statements.

use super::{Name, Qualified, Type};
use crate::source::Text;
use std::{ops::Deref, sync::Arc};

/// `text("…")`, with `:name` parameters as far as `bindparams()` gave them.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TextClause {
    /// The text as written, `:name` and `\:` still in it.
    pub text: Text,
    /// Values by name.
    pub binds: Vec<(String, Expr)>,
}

/// A value in an expression.
#[derive(Clone, Debug, PartialEq)]
#[expect(missing_docs, reason = "they are Python's types")]
pub enum Literal {
    Null,
    Bool(bool),
    /// A whole number, in decimal.
    Int(String),
    /// As Python's `repr` writes it.
    Float(String),
    /// `Decimal`: as `str()` writes it.
    Decimal(String),
    Str(Text),
    Bytes(Vec<u8>),
    /// `2020-01-02`.
    Date(String),
    /// `2020-01-02 03:04:05`.
    DateTime(String),
    Time(String),
    Uuid(String),
    /// `timedelta`: its seconds as Python's `repr` writes them (`86400.0`).
    Interval(String),
    /// A Python list, for an ARRAY or expanding parameter.
    List(Vec<Literal>),
    /// A dict or list that is stored as JSON: its text as Python's `json.dumps` writes it.
    Json(String),
}

/// A SQLAlchemy Core expression.
#[derive(Clone, Debug, PartialEq)]
#[expect(missing_docs, reason = "they are SQLAlchemy's constructs")]
pub enum Expr {
    Text(TextClause),
    /// `literal_column("…")`: verbatim.
    Verbatim(String),
    /// `column("a")`, `table.c.a`.
    Column {
        table: Option<Source>,
        name: Name,
        kind: Option<Type>,
    },
    /// A function that stands in a `FROM`, as the value of its one column: `func.unnest(a).column_valued("x")`.
    Whole(Source),
    /// `bindparam("x")` in an expression, and the value that it was given, if any.
    Parameter {
        name: String,
        value: Option<Box<Expr>>,
        kind: Option<Type>,
        expanding: bool,
    },
    /// A value; its type where it is given or follows from the column that it meets.
    Value {
        value: Literal,
        kind: Option<Type>,
    },
    Null,
    True,
    False,
    /// `func.a.b(…)`: the name's parts.
    Function {
        name: Vec<String>,
        args: Vec<Expr>,
    },
    /// A two-sided operator of SQLAlchemy's own by its SQL: `=`, `!=`, `<`, `||`, `+`, `/`, `//`, `LIKE`, `NOT LIKE`,
    /// `ILIKE`, `IS`, `IS NOT`, `IS DISTINCT FROM`, `~` (`regexp_match`), `->`, `->>`, `#>`, `#>>`, `@>`, `?`, …;
    /// `CONTAINS`, `STARTSWITH`, `ENDSWITH` (also with `NOT ` or `I` before) for the methods of these names, and
    /// `ESCAPE` around the pattern of a `LIKE` that has one. `a.op("…")` is [`Expr::Custom`].
    Binary {
        operator: String,
        left: Box<Expr>,
        right: Box<Expr>,
    },
    And(Vec<Expr>),
    Or(Vec<Expr>),
    Not(Box<Expr>),
    Negative(Box<Expr>),
    /// `a IN (…)`, `a NOT IN (…)`.
    In {
        left: Box<Expr>,
        list: Vec<Expr>,
        negated: bool,
    },
    /// `a IN (SELECT …)`.
    InSelect {
        left: Box<Expr>,
        select: Box<Select>,
        negated: bool,
    },
    /// `a.op("@@", precedence=0)(b)`: an operator that SQLAlchemy knows nothing of but its text.
    Custom {
        operator: String,
        precedence: i32,
        left: Box<Expr>,
        right: Box<Expr>,
    },
    /// `distinct(a)`, `any_(a)`, `all_(a)`: a keyword before its operand.
    Prefixed {
        keyword: String,
        inner: Box<Expr>,
    },
    /// `extract("year", a)`.
    Extract {
        field: String,
        inner: Box<Expr>,
    },
    /// `func.row_number().over(partition_by=…, order_by=…)`.
    Over {
        inner: Box<Expr>,
        partition_by: Vec<Expr>,
        order_by: Vec<Expr>,
    },
    /// `func.count().filter(…)`.
    Filter {
        inner: Box<Expr>,
        condition: Box<Expr>,
    },
    /// `func.mode().within_group(…)`, and `aggregate_order_by(a, b)` within a function's parentheses.
    Within {
        inner: Box<Expr>,
        order_by: Vec<Expr>,
        group: bool,
    },
    /// `postgresql.array([…])`.
    Array(Vec<Expr>),
    /// An element of an ARRAY: `a[1]`.
    Element {
        inner: Box<Expr>,
        index: Box<Expr>,
    },
    Between {
        left: Box<Expr>,
        low: Box<Expr>,
        high: Box<Expr>,
        negated: bool,
    },
    Cast {
        inner: Box<Expr>,
        kind: Type,
    },
    /// `a DESC`, `a ASC NULLS LAST`: what follows the operand.
    Ordered {
        inner: Box<Expr>,
        suffix: String,
    },
    Case {
        value: Option<Box<Expr>>,
        whens: Vec<(Expr, Expr)>,
        otherwise: Option<Box<Expr>>,
    },
    Label {
        inner: Box<Expr>,
        name: Name,
    },
    Subquery(Box<Select>),
    Exists {
        select: Box<Select>,
        negated: bool,
    },
    Tuple(Vec<Expr>),
    /// `expression.collate("C")`.
    Collate {
        inner: Box<Expr>,
        collation: String,
    },
}

impl Expr {
    /// The expressions directly within it, those of a subquery included.
    #[must_use]
    pub fn children(&self) -> Vec<&Self> {
        match self {
            Self::Function { args: items, .. }
            | Self::And(items)
            | Self::Or(items)
            | Self::Tuple(items)
            | Self::Array(items) => items.iter().collect(),
            Self::Binary { left, right, .. } | Self::Custom { left, right, .. } => vec![left, right],
            Self::Not(inner)
            | Self::Negative(inner)
            | Self::Cast { inner, .. }
            | Self::Ordered { inner, .. }
            | Self::Label { inner, .. }
            | Self::Prefixed { inner, .. }
            | Self::Extract { inner, .. }
            | Self::Collate { inner, .. } => vec![inner],
            Self::Over { inner, partition_by, order_by } => {
                std::iter::once(inner.as_ref()).chain(partition_by).chain(order_by).collect()
            }
            Self::In { left, list, .. } => std::iter::once(left.as_ref()).chain(list).collect(),
            Self::InSelect { left, select, .. } => std::iter::once(left.as_ref()).chain(select.expressions()).collect(),
            Self::Subquery(select) | Self::Exists { select, .. } => select.expressions().collect(),
            Self::Between { left, low, high, .. } => vec![left, low, high],
            Self::Filter { inner, condition } => vec![inner, condition],
            Self::Within { inner, order_by, .. } => std::iter::once(inner.as_ref()).chain(order_by).collect(),
            Self::Element { inner, index } => vec![inner, index],
            Self::Parameter { value, .. } => value.iter().map(AsRef::as_ref).collect(),
            Self::Case { value, whens, otherwise } => {
                let whens = whens.iter().flat_map(|(condition, result)| [condition, result]);
                let otherwise = otherwise.iter().map(AsRef::as_ref);
                value.iter().map(AsRef::as_ref).chain(whens).chain(otherwise).collect()
            }
            Self::Text(_)
            | Self::Verbatim(_)
            | Self::Column { .. }
            | Self::Whole(_)
            | Self::Value { .. }
            | Self::Null
            | Self::True
            | Self::False => Vec::new(),
        }
    }

    /// How large the queries in it are.
    #[must_use]
    pub fn size(&self) -> Size {
        match self {
            Self::Subquery(select) | Self::Exists { select, .. } => select.size(),
            Self::InSelect { left, select, .. } => left.size().and(select.size()),
            Self::Whole(source) => source.size(),
            _ => self.children().into_iter().map(Self::size).fold(Size::default(), Size::and),
        }
    }
}

/// Something that a query reads from. Two of them are the same only where they are one object: to SQLAlchemy two
/// tables of one name are two tables.
#[derive(Clone, Debug)]
pub struct Source(Arc<(From, Size)>);

/// How large something is when it is written out; readers put a limit to both.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Size {
    /// How many queries and joins lie in one another.
    pub nesting: u32,
    /// How many sources are named in all, each as often as it is.
    pub weight: u32,
}

impl Size {
    /// Both beside each other.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self { nesting: self.nesting.max(other.nesting), weight: self.weight.saturating_add(other.weight) }
    }

    fn inner(self) -> Self {
        Self { nesting: self.nesting + 1, weight: self.weight.saturating_add(1) }
    }
}

impl Source {
    /// A new one, the same as no other.
    #[must_use]
    pub fn new(from: From) -> Self {
        let size = match &from {
            From::Table(_) | From::Text(_) => Size::default(),
            From::Alias { of, .. } => of.size(),
            From::Join { left, right, on, .. } => left.size().and(right.size()).and(on.size()),
            From::Subquery { select, .. } => select.size(),
            From::Cte { query, .. } => query.size(),
            From::Function { function, .. } => function.size(),
            From::Values { rows, .. } => rows.iter().flatten().map(Expr::size).fold(Size::default(), Size::and),
        };
        Self(Arc::new((from, size.inner())))
    }

    /// How large it is.
    #[must_use]
    pub fn size(&self) -> Size {
        self.0.1
    }

    /// `table("name")`.
    #[must_use]
    pub fn table(table: Qualified) -> Self {
        Self::new(From::Table(table))
    }
}

impl PartialEq for Source {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl Deref for Source {
    type Target = From;

    fn deref(&self) -> &From {
        &self.0.0
    }
}

/// Adds the sources that the columns of an expression belong to, in order, as far as they are not there yet. Those
/// of a subquery are its own affair.
pub fn sources_of(expr: &Expr, found: &mut Vec<Source>) {
    match expr {
        Expr::Column { table: Some(source), .. } | Expr::Whole(source) => {
            if !found.contains(source) {
                found.push(source.clone());
            }
        }
        Expr::Subquery(_) | Expr::Exists { .. } => {}
        Expr::InSelect { left, .. } => sources_of(left, found),
        _ => expr.children().into_iter().for_each(|inner| sources_of(inner, found)),
    }
}

/// What a query reads from. An alias without a name gets one when the statement is written.
#[derive(Clone, Debug, PartialEq)]
#[expect(missing_docs, reason = "they are the parts of a FROM")]
pub enum From {
    Table(Qualified),
    Alias {
        of: Source,
        name: Option<Name>,
    },
    Join {
        left: Source,
        right: Source,
        on: Expr,
        outer: bool,
        full: bool,
    },
    Subquery {
        select: Box<Select>,
        name: Option<Name>,
        lateral: bool,
    },
    Cte {
        query: Box<Query>,
        name: Option<Name>,
        recursive: bool,
        columns: Vec<Name>,
        restates: Option<Source>,
    },
    /// `func.json_each(…).table_valued(…)`; `derived` are the columns of `render_derived()`. Where it has no name,
    /// `base` is what one is made from: that of the alias before.
    Function {
        function: Box<Expr>,
        name: Option<Name>,
        base: Option<String>,
        ordinality: bool,
        lateral: bool,
        derived: Vec<(Name, Option<Type>)>,
    },
    /// `values(…).data(…)`: always with the names of its columns.
    Values {
        columns: Vec<Name>,
        rows: Vec<Vec<Expr>>,
        name: Option<Name>,
    },
    /// `text("…")` given to `select_from`.
    Text(TextClause),
}

/// Which tables of the enclosing statements a `SELECT` does not name again.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Correlation {
    /// Those of the next enclosing statement, as long as one of its own is left.
    #[default]
    Auto,
    /// `.correlate(…)`: these.
    To(Vec<Source>),
    /// `.correlate_except(…)`: all but these.
    Except(Vec<Source>),
}

/// `DISTINCT`.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Distinct {
    /// Not at all.
    #[default]
    No,
    /// `.distinct()`.
    Yes,
    /// `.distinct(a, b)`: `DISTINCT ON (a, b)`.
    On(Vec<Expr>),
}

/// Words between or behind clauses, as they stand: `UNION ALL`, `FOR UPDATE`.
pub type Words = String;

/// `select(…)`.
#[derive(Clone, Debug, Default, PartialEq)]
#[expect(missing_docs, reason = "they are the clauses of a SELECT")]
pub struct Select {
    pub columns: Vec<Expr>,
    /// What `select_from` and `join` name; what follows from the columns and conditions is found when it is written.
    pub from: Vec<Source>,
    pub conditions: Vec<Expr>,
    pub group_by: Vec<Expr>,
    pub having: Vec<Expr>,
    pub order_by: Vec<Expr>,
    pub limit: Option<Expr>,
    pub offset: Option<Expr>,
    pub distinct: Distinct,
    pub correlation: Correlation,
    /// `FOR UPDATE` and its kin.
    pub locking: Option<Words>,
    /// `union(…)`: the keyword and the parts. The columns and what follows from them are then empty.
    pub compound: Option<(Words, Vec<Select>)>,
}

impl Select {
    /// The expressions directly within it.
    pub fn expressions(&self) -> Box<dyn Iterator<Item = &Expr> + '_> {
        let lists = [&self.columns, &self.conditions, &self.group_by, &self.having, &self.order_by];
        let distinct = match &self.distinct {
            Distinct::On(items) => items.as_slice(),
            _ => &[],
        };
        let parts = self.compound.iter().flat_map(|(_, parts)| parts).flat_map(Self::expressions);
        Box::new(lists.into_iter().flatten().chain(&self.limit).chain(&self.offset).chain(distinct).chain(parts))
    }

    /// How large it is.
    #[must_use]
    pub fn size(&self) -> Size {
        let mut sources = self.from.clone();
        self.columns.iter().chain(&self.conditions).for_each(|expr| sources_of(expr, &mut sources));
        let parts = self.compound.iter().flat_map(|(_, parts)| parts).map(Self::size);
        let own = self.compound.is_none().then(|| self.expressions().map(Expr::size)).into_iter().flatten();
        sources.iter().map(Source::size).chain(parts).chain(own).fold(Size::default(), Size::and).inner()
    }
}

/// `.returning(…)`.
pub type Returning = Vec<Expr>;

/// `.on_conflict_do_nothing(…)`, `.on_conflict_do_update(…)`.
#[derive(Clone, Debug, PartialEq)]
#[expect(missing_docs, reason = "they are SQLAlchemy's keyword arguments")]
pub struct Conflict {
    pub constraint: Option<Name>,
    pub elements: Vec<Expr>,
    pub index_where: Option<Expr>,
    /// `None`: `DO NOTHING`.
    pub set: Option<Vec<(Name, Expr)>>,
    pub conditions: Option<Expr>,
}

/// A Core statement.
#[derive(Clone, Debug, PartialEq)]
#[expect(missing_docs, reason = "they are the clauses of the statements")]
pub enum Query {
    Insert {
        table: Source,
        columns: Vec<Name>,
        /// One or more rows; none: `DEFAULT VALUES`.
        rows: Vec<Vec<Expr>>,
        conflict: Option<Conflict>,
        returning: Returning,
    },
    InsertSelect {
        table: Source,
        columns: Vec<Name>,
        select: Box<Select>,
        conflict: Option<Conflict>,
        returning: Returning,
    },
    Update {
        table: Source,
        set: Vec<(Name, Expr)>,
        conditions: Vec<Expr>,
        returning: Returning,
    },
    Delete {
        table: Source,
        conditions: Vec<Expr>,
        returning: Returning,
    },
    Select(Box<Select>),
}

impl Query {
    /// How large it is.
    #[must_use]
    pub fn size(&self) -> Size {
        let all = |sizes: &mut dyn Iterator<Item = Size>| sizes.fold(Size::default(), Size::and);
        match self {
            Self::Insert { rows, .. } => all(&mut rows.iter().flatten().map(Expr::size)),
            Self::InsertSelect { select, .. } | Self::Select(select) => select.size(),
            Self::Update { set, conditions, .. } => {
                all(&mut set.iter().map(|(_, value)| value).chain(conditions).map(Expr::size))
            }
            Self::Delete { conditions, .. } => all(&mut conditions.iter().map(Expr::size)),
        }
    }
}
