//! Expressions, as far as the question "can this be NULL?" needs them.

use super::{Facts, Name, Query, Type};

/// An expression of SQL.
#[derive(Clone, Debug, PartialEq)]
#[expect(missing_docs, reason = "they are SQL's own constructs")]
pub enum Expr {
    Null,
    /// A constant that is not NULL; its text.
    Constant(String),
    Column {
        /// `t` of `t.a`.
        table: Option<String>,
        column: String,
    },
    Cast {
        inner: Box<Expr>,
        kind: Type,
    },
    /// A function's name without `pg_catalog`, in lower case, and its arguments.
    Call {
        function: String,
        args: Vec<Expr>,
    },
    Coalesce(Vec<Expr>),
    /// `GREATEST`, `LEAST`: NULL only where all are.
    Extreme(Vec<Expr>),
    /// `CURRENT_TIMESTAMP`, `CURRENT_USER`, …
    Current,
    Operator {
        operator: String,
        args: Vec<Expr>,
    },
    /// `a IN (…)`.
    In {
        inner: Box<Expr>,
        list: Vec<Expr>,
    },
    IsNull(Box<Expr>),
    IsNotNull(Box<Expr>),
    And(Vec<Expr>),
    Or(Vec<Expr>),
    Not(Box<Expr>),
    Case {
        /// What is asked, in `CASE it WHEN …` the `it` too.
        conditions: Vec<Expr>,
        results: Vec<Expr>,
        /// Without `ELSE` a row that matches nothing gets NULL.
        otherwise: Option<Box<Expr>>,
    },
    /// `ARRAY[…]`, `ROW(…)`: never NULL themselves.
    Composite(Vec<Expr>),
    /// A function in a schema of the user's own, and its arguments.
    Foreign {
        function: Name,
        args: Vec<Expr>,
    },
    /// Something that is made of these parts: `a IN (1, 2)`, `a BETWEEN b AND c`, `a[1]`.
    Mixed(Vec<Expr>),
    /// `DEFAULT`.
    Default,
    /// A query in the place of a value.
    Query(Box<Query>),
    /// `EXISTS (…)`: never NULL.
    Exists,
    /// Anything else.
    Other,
}

/// Operators of the core types that give NULL only for NULL.
const STRICT: &[&str] = &["||", "+", "-", "*", "/", "%", "=", "<>", "<", ">", "<=", ">=", "~~", "!~~", "~"];

/// Functions that give a value for any values that are not NULL (`pg_proc.proisstrict` and their documentation);
/// those without arguments always give one.
const TOTAL: &[&str] = &[
    "abs",
    "age",
    "btrim",
    "ceil",
    "char_length",
    "clock_timestamp",
    "concat",
    "current_database",
    "date_trunc",
    "digest",
    "encode",
    "floor",
    "gen_random_uuid",
    "initcap",
    "jsonb_build_array",
    "jsonb_build_object",
    "json_build_array",
    "json_build_object",
    "left",
    "length",
    "lower",
    "lpad",
    "ltrim",
    "make_interval",
    "md5",
    "nextval",
    "now",
    "quote_ident",
    "random",
    "repeat",
    "replace",
    "right",
    "regexp_replace",
    "round",
    "rpad",
    "rtrim",
    "split_part",
    "statement_timestamp",
    "substr",
    "to_char",
    "to_json",
    "to_jsonb",
    "to_timestamp",
    "timezone",
    "transaction_timestamp",
    "translate",
    "trunc",
    "upper",
    "uuid_generate_v1",
    "uuid_generate_v4",
    "uuidv4",
    "uuidv7",
];

/// Functions that give a value even for NULL.
const NEVER_NULL: &[&str] = &[
    "concat",
    "count",
    "dense_rank",
    "jsonb_build_array",
    "jsonb_build_object",
    "json_build_array",
    "json_build_object",
    "rank",
    "row_number",
];

impl Expr {
    /// The expression gives a value in every row, given what is known of columns, functions and tables.
    #[must_use]
    pub fn never_null(&self, facts: &dyn Facts) -> bool {
        let never = |it: &Expr| it.never_null(facts);
        let called = |name: &Name, args: &[Expr]| facts.call(name, &args.iter().map(never).collect::<Vec<_>>());
        match self {
            Self::Constant(_)
            | Self::Current
            | Self::Composite(_)
            | Self::IsNull(_)
            | Self::IsNotNull(_)
            | Self::Exists => true,
            Self::Column { table, column } => facts.column(table.as_deref(), column),
            Self::Cast { inner, .. } | Self::Not(inner) => never(inner),
            Self::Call { function, args } => {
                let name = function.as_str();
                NEVER_NULL.contains(&name)
                    || (TOTAL.contains(&name) && args.iter().all(never))
                    || called(&Name::bare(name), args)
            }
            Self::Foreign { function, args } => called(function, args),
            Self::Query(query) => facts.query(query),
            Self::Coalesce(args) | Self::Extreme(args) => args.iter().any(never),
            Self::Operator { operator, args } => STRICT.contains(&operator.as_str()) && args.iter().all(never),
            Self::In { inner, list } => never(inner) && list.iter().all(never),
            Self::And(args) | Self::Or(args) => args.iter().all(never),
            Self::Case { results, otherwise, .. } => {
                results.iter().all(never) && otherwise.as_deref().is_some_and(never)
            }
            Self::Null | Self::Default | Self::Mixed(_) | Self::Other => false,
        }
    }

    /// It is NULL in every row: `c = NULL`, `NULL || 'a'`.
    #[must_use]
    pub fn is_always_null(&self) -> bool {
        match self {
            Self::Null => true,
            Self::Cast { inner, .. } | Self::Not(inner) => inner.is_always_null(),
            Self::Operator { operator, args } => {
                STRICT.contains(&operator.as_str()) && args.iter().any(Self::is_always_null)
            }
            Self::In { inner, list } => inner.is_always_null() || list.iter().all(Self::is_always_null),
            _ => false,
        }
    }

    /// No row satisfies the condition: `false`, `c = NULL`.
    #[must_use]
    pub fn is_never_true(&self) -> bool {
        match self {
            Self::Constant(text) => matches!(text.as_str(), "f" | "false"),
            Self::And(args) => args.iter().any(Self::is_never_true),
            Self::Or(args) => args.iter().all(Self::is_never_true),
            other => other.is_always_null(),
        }
    }

    /// The condition holds for every row in which the column is NULL.
    #[must_use]
    pub fn holds_where_null(&self, name: &str) -> bool {
        match self {
            Self::IsNull(inner) => inner.is_column(name),
            Self::Or(args) => args.iter().any(|it| it.holds_where_null(name)),
            Self::And(args) => args.iter().all(|it| it.holds_where_null(name)),
            Self::Not(inner) => inner.demands(name),
            Self::Constant(text) => matches!(text.as_str(), "t" | "true"),
            // `coalesce(c, '') = ''`: the constant that takes the NULL's place is the one asked for.
            Self::Operator { operator, args } if operator == "=" => match args.as_slice() {
                [Self::Coalesce(inner), constant] | [constant, Self::Coalesce(inner)] => match inner.as_slice() {
                    [first, second] => {
                        first.is_column(name) && second.literal() == constant.literal() && constant.literal().is_some()
                    }
                    _ => false,
                },
                _ => false,
            },
            _ => false,
        }
    }

    /// The condition, where it is true, says that the column is not NULL. (A CHECK also passes when it is NULL
    /// itself, hence only `IS NOT NULL`, which never is.)
    #[must_use]
    pub fn demands(&self, name: &str) -> bool {
        match self {
            Self::IsNotNull(inner) => inner.is_column(name),
            Self::And(args) => args.iter().any(|it| it.demands(name)),
            Self::Or(args) => !args.is_empty() && args.iter().all(|it| it.demands(name)),
            Self::Not(inner) => matches!(&**inner, Self::IsNull(column) if column.is_column(name)),
            _ => false,
        }
    }

    /// The constant stands in it, as far as its parts are understood.
    #[must_use]
    pub fn says(&self, text: &str) -> bool {
        self.literal() == Some(text) || self.parts().into_iter().any(|it| it.says(text))
    }

    /// The column and the values that a condition lets it have: `c IN ('a', 'b')`, `c = 'a' OR c = 'b'`.
    /// Sorted; `None` for any other condition.
    #[must_use]
    pub fn choices(&self) -> Option<(&str, Vec<&str>)> {
        let mut choice = match self {
            Self::In { inner, list } => {
                let values: Option<Vec<&str>> = list.iter().map(Self::literal).collect();
                (inner.plain_column()?, values?)
            }
            Self::Operator { operator, args } if operator == "=" => match args.as_slice() {
                [column, value] => (column.plain_column()?, vec![value.literal()?]),
                _ => return None,
            },
            Self::Or(args) => {
                let mut all = args.iter().map(Self::choices);
                let (column, mut values) = all.next()??;
                for it in all {
                    let (other, more) = it?;
                    if other != column {
                        return None;
                    }
                    values.extend(more);
                }
                (column, values)
            }
            _ => return None,
        };
        choice.1.sort_unstable();
        choice.1.dedup();
        Some(choice)
    }

    /// A column, also under casts.
    fn plain_column(&self) -> Option<&str> {
        match self {
            Self::Column { column, .. } => Some(column),
            Self::Cast { inner, .. } => inner.plain_column(),
            _ => None,
        }
    }

    /// Every part that is an expression.
    #[must_use]
    pub fn parts(&self) -> Vec<&Self> {
        match self {
            Self::Cast { inner, .. } | Self::IsNull(inner) | Self::IsNotNull(inner) | Self::Not(inner) => vec![inner],
            Self::Call { args, .. }
            | Self::Operator { args, .. }
            | Self::Coalesce(args)
            | Self::Extreme(args)
            | Self::And(args)
            | Self::Or(args)
            | Self::Composite(args)
            | Self::Foreign { args, .. }
            | Self::Mixed(args) => args.iter().collect(),
            Self::In { inner, list } => std::iter::once(&**inner).chain(list).collect(),
            Self::Case { conditions, results, otherwise } => {
                conditions.iter().chain(results).chain(otherwise.as_deref()).collect()
            }
            _ => Vec::new(),
        }
    }

    /// Every part that is an expression, to be changed.
    fn parts_mut(&mut self) -> Vec<&mut Self> {
        match self {
            Self::Cast { inner, .. } | Self::IsNull(inner) | Self::IsNotNull(inner) | Self::Not(inner) => vec![inner],
            Self::Call { args, .. }
            | Self::Operator { args, .. }
            | Self::Coalesce(args)
            | Self::Extreme(args)
            | Self::And(args)
            | Self::Or(args)
            | Self::Composite(args)
            | Self::Foreign { args, .. }
            | Self::Mixed(args) => args.iter_mut().collect(),
            Self::In { inner, list } => std::iter::once(&mut **inner).chain(list).collect(),
            Self::Case { conditions, results, otherwise } => {
                conditions.iter_mut().chain(results).chain(otherwise.as_deref_mut()).collect()
            }
            _ => Vec::new(),
        }
    }

    /// The column stands in it, as far as its parts are understood.
    #[must_use]
    pub fn mentions(&self, name: &str) -> bool {
        self.is_column(name) || self.parts().into_iter().any(|it| it.mentions(name))
    }

    /// The one column that stands in it; `None` where there are several or none.
    #[must_use]
    pub fn only_column(&self) -> Option<&str> {
        let mut found = Vec::new();
        self.gather(&mut found);
        found.sort_unstable();
        found.dedup();
        match found.as_slice() {
            [one] => Some(one),
            _ => None,
        }
    }

    /// The columns that stand in it, in their order.
    #[must_use]
    pub fn columns(&self) -> Vec<String> {
        let mut found = Vec::new();
        self.gather(&mut found);
        found.into_iter().map(str::to_owned).collect()
    }

    fn gather<'a>(&'a self, found: &mut Vec<&'a str>) {
        if let Self::Column { column, .. } = self {
            found.push(column);
        }
        for part in self.parts() {
            part.gather(found);
        }
    }

    /// The column goes by another name.
    pub fn rename(&mut self, from: &str, to: &str) {
        if let Self::Column { column, .. } = self
            && column == from
        {
            to.clone_into(column);
        }
        for part in self.parts_mut() {
            part.rename(from, to);
        }
    }

    /// It is this column and nothing else.
    #[must_use]
    pub fn is_column(&self, name: &str) -> bool {
        matches!(self, Self::Column { column, .. } if column == name)
    }

    /// The text of a constant, also under casts.
    #[must_use]
    pub fn literal(&self) -> Option<&str> {
        match self {
            Self::Constant(text) => Some(text),
            Self::Cast { inner, .. } => inner.literal(),
            _ => None,
        }
    }
}
