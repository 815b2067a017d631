//! Core expressions, as SQLAlchemy's compiler writes them with `literal_binds`.

use std::collections::BTreeMap;

use super::{
    Dialect, Unrendered, clause, literal,
    literal::Use,
    names,
    precedence::{self, AND, AS_BOOL, BETWEEN, COLLATE, COMMA, IN, NEGATIVE, NOT, NULLS, OR, ORDER, Operator, PATTERN},
    refused,
    sources::{Cte, Enclosing},
    types,
    words::{Made, join},
};
use crate::{
    op::{Expr, Literal, Name, Select, Source, Type},
    reason::{Class, Reason},
    source::Text,
};

/// How deep an expression may be nested; the stack ends somewhere.
const DEEPEST: u32 = 60;

/// An expression in DDL: without the tables of its columns, every value a literal.
pub(super) fn ddl(expr: &Expr, dialect: &Dialect) -> Made {
    Core::new(dialect, Use::Ddl).expr(expr)
}

/// As [`ddl`], in parentheses where it is an operator's (the columns of an index).
pub(super) fn ddl_grouped(expr: &Expr, dialect: &Dialect) -> Made {
    Core::new(dialect, Use::Ddl).grouped(expr, None)
}

/// An expression of a data statement.
pub(super) fn data(expr: &Expr, dialect: &Dialect) -> Made {
    Core::new(dialect, Use::Data).expr(expr)
}

/// One compilation.
pub(super) struct Core<'a> {
    pub(super) dialect: &'a Dialect<'a>,
    pub(super) of: Use,
    /// Within an operand: operators with eager grouping take parentheses there.
    in_operand: bool,
    depth: u32,
    /// How many labels of each base were made up: `count_1`, `anon_2`.
    labels: BTreeMap<String, u32>,
    /// The names that were made up for sources without one.
    pub(super) aliases: Vec<(Source, String)>,
    /// The statements around the one that is being written.
    pub(super) enclosing: Vec<Enclosing>,
    pub(super) ctes: Vec<Cte>,
    /// Columns stand without their table.
    pub(super) without_table: bool,
}

impl<'a> Core<'a> {
    pub(super) fn new(dialect: &'a Dialect<'a>, of: Use) -> Self {
        Self {
            dialect,
            of,
            in_operand: false,
            depth: 0,
            labels: BTreeMap::new(),
            aliases: Vec::new(),
            enclosing: Vec::new(),
            ctes: Vec::new(),
            without_table: false,
        }
    }

    /// The next made-up label of this base.
    pub(super) fn label(&mut self, base: &str) -> String {
        let count = self.labels.entry(base.to_owned()).or_default();
        *count += 1;
        format!("{base}_{count}")
    }

    /// Refuses what is nested too deeply, before anything walks it to its end.
    fn guard(&self, expr: &Expr) -> Result<(), Unrendered> {
        if self.depth >= DEEPEST || (self.depth == 0 && is_deeper_than(expr, DEEPEST)) {
            return Err(Reason::limit(format!("an expression is nested more than {DEEPEST} deep")).into());
        }
        Ok(())
    }

    /// One step deeper, for as long as `make` runs.
    pub(super) fn deeper(&mut self, make: impl FnOnce(&mut Self) -> Made) -> Made {
        self.depth += 1;
        let result = if self.depth > DEEPEST {
            Err(Reason::limit(format!("a query is nested more than {DEEPEST} deep")).into())
        } else {
            make(self)
        };
        self.depth -= 1;
        result
    }

    /// The expression as an operand of `against`.
    pub(super) fn grouped(&mut self, expr: &Expr, against: Option<Operator<'_>>) -> Made {
        self.guard(expr)?;
        let expr = precedence::normal(expr);
        if precedence::needs_parentheses(&expr, against) {
            Ok(sql!["(", self.expr(&expr)?, ")"])
        } else {
            self.expr(&expr)
        }
    }

    fn all(&mut self, items: &[Expr], against: Operator<'_>, between: &str) -> Made {
        let parts: Result<Vec<Text>, Unrendered> = items.iter().map(|item| self.grouped(item, Some(against))).collect();
        Ok(join(parts?, between))
    }

    /// Conditions as `where(a).where(b)` joins them.
    pub(super) fn conditions(&mut self, items: &[Expr]) -> Made {
        for item in items {
            self.guard(item)?;
        }
        match precedence::normal(&Expr::And(items.to_vec())).as_ref() {
            all @ Expr::And(_) => self.expr(all),
            only => self.grouped(only, Some(AS_BOOL)),
        }
    }

    /// The expression itself.
    pub(super) fn expr(&mut self, expr: &Expr) -> Made {
        self.guard(expr)?;
        self.depth += 1;
        let made = self.construct(&precedence::normal(expr));
        self.depth -= 1;
        made
    }

    /// Split in three so that the stack of a deep expression stays small.
    fn construct(&mut self, expr: &Expr) -> Made {
        match expr {
            Expr::Binary { operator, left, right } => self.binary(operator, left, right),
            Expr::Custom { operator, precedence, left, right } => self.custom(operator, *precedence, left, right),
            Expr::Function { name, args } => self.function(name, args),
            Expr::And(items) => self.all(items, AND, " AND "),
            Expr::Or(items) => self.all(items, OR, " OR "),
            Expr::In { left, list, negated } => self.within(left, list, *negated),
            Expr::Cast { inner, kind } => self.cast(inner, kind),
            Expr::Case { value, whens, otherwise } => self.case(value.as_deref(), whens, otherwise.as_deref()),
            Expr::Label { inner, .. } => self.expr(inner),
            Expr::Over { inner, partition_by, order_by } => self.over(inner, partition_by, order_by),
            Expr::Text(_)
            | Expr::Verbatim(_)
            | Expr::Column { .. }
            | Expr::Whole(_)
            | Expr::Parameter { .. }
            | Expr::Value { .. }
            | Expr::Null
            | Expr::True
            | Expr::False => self.leaf(expr),
            _ => self.wrapped(expr),
        }
    }

    /// What has no expression in it.
    fn leaf(&mut self, expr: &Expr) -> Made {
        Ok(match expr {
            Expr::Text(text) => clause::text(text, self.dialect)?,
            Expr::Verbatim(text) => Text::made(text.as_str()),
            Expr::Column { table: Some(source), name, .. } if self.of == Use::Data && !self.without_table => {
                sql![self.qualifier(source)?, ".", names::name(name)]
            }
            Expr::Whole(source) => self.qualifier(source)?,
            Expr::Parameter { name, value: None, .. } => {
                return Err(Reason::of(Class::Refused, format!("no value is given for `:{name}`")).into());
            }
            Expr::Parameter { value: Some(value), .. } => self.expr(value)?,
            Expr::Column { name, .. } => names::name(name),
            Expr::Value { value, kind } => literal::value(value, kind.as_ref(), self.of, self.dialect)?,
            Expr::True => Text::made("true"),
            Expr::False => Text::made("false"),
            _ => Text::made("NULL"),
        })
    }

    /// What has words before, between or behind.
    fn wrapped(&mut self, expr: &Expr) -> Made {
        let (before, inner, behind) = match expr {
            Expr::Not(inner) => ("NOT ", self.grouped(inner, Some(NOT))?, String::new()),
            Expr::Negative(inner) => ("-", self.grouped(inner, Some(NEGATIVE))?, String::new()),
            Expr::Prefixed { keyword, inner } if precedence::is_collection(keyword) => {
                let made = self.expr(inner)?;
                let bare = matches!(inner.as_ref(), Expr::Subquery(_));
                return Ok(if bare {
                    sql![keyword.as_str(), " ", made]
                } else {
                    sql![keyword.as_str(), " (", made, ")"]
                });
            }
            Expr::Prefixed { keyword, inner } => {
                return Ok(sql![keyword.as_str(), " ", self.grouped(inner, Some(IN))?]);
            }
            Expr::Extract { field, inner } => {
                return Ok(sql!["EXTRACT(", field.as_str(), " FROM ", self.expr(inner)?, ")"]);
            }
            Expr::Ordered { inner, suffix } => {
                let against = if suffix.trim_start().starts_with("NULLS") { NULLS } else { ORDER };
                ("", self.grouped(inner, Some(against))?, format!(" {}", suffix.trim()))
            }
            Expr::Collate { inner, collation } => {
                ("", self.operand(inner, COLLATE)?, format!(" COLLATE {}", names::quoted(collation)))
            }
            Expr::Subquery(select) => ("(", self.select(select)?, ")".to_owned()),
            Expr::Exists { select, negated: false } => ("EXISTS (", self.select(select)?, ")".to_owned()),
            Expr::Exists { select, negated: true } => ("NOT (EXISTS (", self.select(select)?, "))".to_owned()),
            Expr::Tuple(items) => ("(", self.all(items, COMMA, ", ")?, ")".to_owned()),
            Expr::Array(items) => ("ARRAY[", self.all(items, COMMA, ", ")?, "]".to_owned()),
            Expr::Filter { inner, condition } => {
                return Ok(sql![self.expr(inner)?, " FILTER (WHERE ", self.expr(condition)?, ")"]);
            }
            Expr::Within { inner, order_by, group } => {
                let (inner, order) = (self.expr(inner)?, self.all(order_by, COMMA, ", ")?);
                let (before, after) = if *group { (" WITHIN GROUP (ORDER BY ", ")") } else { (" ORDER BY ", "") };
                return Ok(sql![inner, before, order, after]);
            }
            Expr::Element { inner, index } => {
                return Ok(sql![self.grouped(inner, Some(precedence::binary("->")))?, "[", self.expr(index)?, "]"]);
            }
            Expr::InSelect { left, select, negated } => return self.within_select(left, select, *negated),
            Expr::Between { left, low, high, negated } => return self.between(left, low, high, *negated),
            _ => return self.leaf(expr),
        };
        Ok(sql![before, inner, behind])
    }

    fn within_select(&mut self, left: &Expr, select: &Select, negated: bool) -> Made {
        let (left, select) = (self.operand(left, IN)?, self.select(select)?);
        Ok(if negated { sql!["(", left, " NOT IN (", select, "))"] } else { sql![left, " IN (", select, ")"] })
    }

    fn between(&mut self, left: &Expr, low: &Expr, high: &Expr, negated: bool) -> Made {
        let left = self.operand(left, BETWEEN)?;
        let word = if negated { " NOT BETWEEN " } else { " BETWEEN " };
        Ok(sql![left, word, self.expr(low)?, " AND ", self.expr(high)?])
    }

    /// An operand of an operator that SQLAlchemy writes in the ordinary way.
    fn operand(&mut self, expr: &Expr, against: Operator<'_>) -> Made {
        let before = std::mem::replace(&mut self.in_operand, true);
        let made = self.grouped(expr, Some(against));
        self.in_operand = before;
        made
    }

    fn binary(&mut self, operator: &str, left: &Expr, right: &Expr) -> Made {
        let own = precedence::binary(operator);
        if let Some((word, before, after)) = precedence::pattern_method(operator) {
            return self.pattern((word, before, after), left, right);
        }
        match operator {
            "LIKE" | "NOT LIKE" | "ILIKE" | "NOT ILIKE" | "ESCAPE" | "%" => {
                Ok(sql![self.grouped(left, Some(own))?, " ", operator, " ", self.grouped(right, Some(own))?])
            }
            "/" => self.quotient(own, left, right),
            "//" => {
                let made = sql![self.grouped(left, Some(own))?, " / ", self.grouped(right, Some(own))?];
                match (is_whole(left), is_whole(right)) {
                    (Some(true), Some(true)) => Ok(made),
                    (Some(false), _) | (_, Some(false)) if !self.dialect.is_before_2_1() => {
                        Ok(sql!["FLOOR(", made, ")"])
                    }
                    _ => Err(Unrendered::from(crate::reason::Reason::from(
                        "whether `//` divides whole numbers is not known",
                    ))),
                }
            }
            "->" if is_jsonb(left) => self.subscript(own, left, right),
            _ => {
                let made = sql![self.operand(left, own)?, " ", operator, " ", self.operand(right, own)?];
                let is_grouped = self.in_operand && precedence::is_eager(operator);
                Ok(if is_grouped { sql!["(", made, ")"] } else { made })
            }
        }
    }

    /// The divisor is cast so that PostgreSQL divides as Python does.
    fn quotient(&mut self, own: Operator<'_>, left: &Expr, right: &Expr) -> Made {
        let mut divisor = right;
        while let Expr::Negative(inner) = divisor {
            divisor = inner;
        }
        let kind = match divisor {
            Expr::Column { kind: Some(kind @ (Type::Numeric { .. } | Type::Float { .. })), .. }
            | Expr::Cast { kind: kind @ (Type::Numeric { .. } | Type::Float { .. }), .. } => {
                types::sql_type(kind, None, self.dialect)?
            }
            Expr::Value { value: Literal::Float(_), .. } => "FLOAT".to_owned(),
            Expr::Column { .. } | Expr::Cast { .. } | Expr::Value { .. } => "NUMERIC".to_owned(),
            other if is_fractional(other) => {
                let reason = "of which type the number is that `/` divides by is not known";
                return Err(Reason::limit(reason).into());
            }
            _ => "NUMERIC".to_owned(),
        };
        let (left, right) = (self.grouped(left, Some(own))?, self.grouped(right, Some(own))?);
        Ok(sql![left, " / CAST(", right, " AS ", kind, ")"])
    }

    /// PostgreSQL 14 reads `jsonb['key']`, and SQLAlchemy writes it so where it knows that the type is JSONB.
    fn subscript(&mut self, own: Operator<'_>, left: &Expr, right: &Expr) -> Made {
        let object = if matches!(left, Expr::Function { .. } | Expr::Cast { .. }) {
            sql!["(", self.expr(left)?, ")"]
        } else {
            self.grouped(left, Some(own))?
        };
        Ok(sql![object, "[", self.grouped(right, Some(own))?, "]"])
    }

    fn custom(&mut self, operator: &str, strength: i32, left: &Expr, right: &Expr) -> Made {
        let own = precedence::custom(operator, strength);
        Ok(sql![self.operand(left, own)?, " ", operator, " ", self.operand(right, own)?])
    }

    /// `contains()`, `startswith()`, `endswith()`.
    fn pattern(&mut self, (word, before, after): (&str, bool, bool), left: &Expr, right: &Expr) -> Made {
        let (pattern, escape) = match right {
            Expr::Binary { operator, left, right } if operator == "ESCAPE" => (left.as_ref(), Some(right)),
            _ => (right, None),
        };
        let left = self.grouped(left, Some(PATTERN))?;
        let pattern = self.grouped(pattern, Some(precedence::binary("||")))?;
        let (before, after) = (super::words::when(before, "'%' || "), super::words::when(after, " || '%'"));
        let mut made = sql![left, " ", word, " ", before, pattern, after];
        if let Some(escape) = escape {
            made = sql![made, " ESCAPE ", self.expr(escape)?];
        }
        Ok(made)
    }

    fn within(&mut self, left: &Expr, list: &[Expr], negated: bool) -> Made {
        let left = self.operand(left, IN)?;
        let items = self.all(list, COMMA, ", ")?;
        Ok(match (list.is_empty(), negated) {
            (false, false) => sql![left, " IN (", items, ")"],
            (false, true) => sql!["(", left, " NOT IN (", items, "))"],
            (true, false) => sql![left, " IN (NULL) AND (1 != 1)"],
            (true, true) => sql!["(", left, " NOT IN (NULL) OR (1 = 1))"],
        })
    }

    fn cast(&mut self, inner: &Expr, kind: &Type) -> Made {
        let value = match inner {
            Expr::Value { value, .. } => literal::assigned(value, Some(kind), self.of, self.dialect)?,
            _ => self.expr(inner)?,
        };
        Ok(sql!["CAST(", value, " AS ", types::sql_type(kind, None, self.dialect)?, ")"])
    }

    fn case(&mut self, value: Option<&Expr>, whens: &[(Expr, Expr)], otherwise: Option<&Expr>) -> Made {
        let mut made = Text::made("CASE ");
        if let Some(value) = value {
            made = sql![made, self.expr(value)?, " "];
        }
        for (condition, result) in whens {
            made = sql![made, "WHEN ", self.grouped(condition, None)?, " THEN ", self.expr(result)?, " "];
        }
        if let Some(otherwise) = otherwise {
            made = sql![made, "ELSE ", self.expr(otherwise)?, " "];
        }
        Ok(sql![made, "END"])
    }

    fn over(&mut self, inner: &Expr, partition_by: &[Expr], order_by: &[Expr]) -> Made {
        let mut parts = Vec::new();
        if !partition_by.is_empty() {
            parts.push(sql!["PARTITION BY ", self.all(partition_by, COMMA, ", ")?]);
        }
        if !order_by.is_empty() {
            parts.push(sql!["ORDER BY ", self.all(order_by, COMMA, ", ")?]);
        }
        Ok(sql![self.expr(inner)?, " OVER (", join(parts, " "), ")"])
    }

    fn function(&mut self, name: &[String], args: &[Expr]) -> Made {
        let Some((last, packages)) = name.split_last() else { return refused("a function without a name") };
        if packages.is_empty()
            && let Some(made) = self.known_function(&last.to_lowercase(), args)?
        {
            return Ok(made);
        }
        let name = name.iter().map(|part| names::function(part)).collect::<Vec<_>>().join(".");
        Ok(sql![name, "(", self.all(args, COMMA, ", ")?, ")"])
    }

    /// Functions that SQLAlchemy knows, in whatever case they were written.
    fn known_function(&mut self, name: &str, args: &[Expr]) -> Result<Option<Text>, Unrendered> {
        let spelled = match name {
            "current_date" | "current_time" | "current_timestamp" | "current_user" | "localtime" | "localtimestamp"
            | "session_user" | "user" => {
                let word = name.to_uppercase();
                return Ok(Some(if args.is_empty() {
                    Text::made(word)
                } else {
                    sql![word, "(", self.all(args, COMMA, ", ")?, ")"]
                }));
            }
            "count" if args.is_empty() => return Ok(Some(Text::made("count(*)"))),
            "substring" => return self.substring(args),
            "pow" if args.iter().any(|arg| matches!(arg, Expr::Value { .. })) && self.of == Use::Ddl => {
                return refused("`func.pow` with a value leaves a bind parameter in the SQL");
            }
            "pow" => "power",
            "cube" => "CUBE",
            "rollup" => "ROLLUP",
            "grouping_sets" => "GROUPING SETS",
            "aggregate_strings" => "string_agg",
            "to_tsvector"
            | "to_tsquery"
            | "plainto_tsquery"
            | "phraseto_tsquery"
            | "websearch_to_tsquery"
            | "ts_headline" => {
                // The configuration is a REGCONFIG, of which SQLAlchemy has no literal form.
                if let (Use::Ddl, [Expr::Value { value: Literal::Str(text), .. }, _, ..]) = (self.of, args) {
                    let text = text.as_str();
                    return refused(format!("no literal value renderer is available for `'{text}'` as a REGCONFIG"));
                }
                name
            }
            "coalesce" | "now" | "max" | "min" | "sum" | "concat" | "char_length" | "random" | "count"
            | "array_agg" | "rank" | "dense_rank" | "percent_rank" | "cume_dist" | "mode" | "percentile_cont"
            | "percentile_disc" | "sysdate" => name,
            _ => return Ok(None),
        };
        Ok(Some(sql![spelled, "(", self.all(args, COMMA, ", ")?, ")"]))
    }

    fn substring(&mut self, args: &[Expr]) -> Result<Option<Text>, Unrendered> {
        Ok(Some(match args {
            [text, start] => sql!["SUBSTRING(", self.expr(text)?, " FROM ", self.expr(start)?, ")"],
            [text, start, length, ..] => {
                let (text, start) = (self.expr(text)?, self.expr(start)?);
                sql!["SUBSTRING(", text, " FROM ", start, " FOR ", self.expr(length)?, ")"]
            }
            _ => return refused("`func.substring` takes a text and a start"),
        }))
    }
}

/// Whether the type is an integer's, where that is certain.
fn is_whole(expr: &Expr) -> Option<bool> {
    match expr {
        Expr::Column { kind: Some(kind), .. } | Expr::Cast { kind, .. } | Expr::Value { kind: Some(kind), .. } => {
            Some(matches!(kind, Type::Integer { .. }))
        }
        Expr::Value { value: Literal::Int(_), kind: None } => Some(true),
        Expr::Value { value: Literal::Float(_) | Literal::Decimal(_), kind: None } => Some(false),
        Expr::Negative(inner) => is_whole(inner),
        _ => None,
    }
}

/// Something in it is a number with a fraction.
fn is_fractional(expr: &Expr) -> bool {
    let own = match expr {
        Expr::Column { kind: Some(kind), .. } | Expr::Cast { kind, .. } => {
            matches!(kind, Type::Numeric { .. } | Type::Float { .. })
        }
        Expr::Value { value, .. } => matches!(value, Literal::Float(_) | Literal::Decimal(_)),
        _ => false,
    };
    own || expr.children().into_iter().any(is_fractional)
}

fn is_jsonb(expr: &Expr) -> bool {
    match expr {
        Expr::Column { kind: Some(Type::Json { binary: true }), .. }
        | Expr::Cast { kind: Type::Json { binary: true }, .. } => true,
        Expr::Binary { operator, left, .. } if operator == "->" || operator == "#>" => is_jsonb(left),
        _ => false,
    }
}

/// The names of the columns that an expression mentions, in order: what a naming convention counts.
pub(super) fn columns(expr: &Expr) -> Vec<&Name> {
    let mut found = Vec::new();
    if !is_deeper_than(expr, DEEPEST) {
        collect(expr, &mut found);
    }
    found
}

fn collect<'e>(expr: &'e Expr, found: &mut Vec<&'e Name>) {
    if let Expr::Column { name, .. } = expr {
        found.push(name);
    }
    for inner in expr.children() {
        collect(inner, found);
    }
}

/// Asked before anything copies an expression or walks it to its end.
fn is_deeper_than(expr: &Expr, depth: u32) -> bool {
    depth == 0 || expr.children().into_iter().any(|inner| is_deeper_than(inner, depth - 1))
}
