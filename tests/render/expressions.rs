//! Core expressions and data statements.

use limbeck::{
    op::{Distinct, Expr, From, Literal, Query, Select, Source, Type},
    source::Text,
};

use crate::{build::*, check, check_with, old};

fn a() -> Expr {
    of("a", INTEGER)
}

fn s() -> Expr {
    of("s", varchar(None))
}

fn b() -> Expr {
    of("b", Type::Boolean)
}

fn eq(left: Expr, right: Expr) -> Expr {
    binary("=", left, right)
}

fn one() -> Expr {
    eq(a(), number(1))
}

fn x() -> Expr {
    eq(s(), string("x"))
}

fn not(inner: Expr) -> Expr {
    Expr::Not(inner.into())
}

fn within(left: Expr, list: Vec<Expr>, negated: bool) -> Expr {
    Expr::In { left: left.into(), list, negated }
}

fn ids(conditions: Vec<Expr>) -> Box<Select> {
    Box::new(select(vec![of_u("id")], "u", conditions))
}

fn of_u(column: &str) -> Expr {
    Expr::Column { table: Some(source("u")), name: name(column), kind: Some(INTEGER) }
}

fn case(condition: Expr, result: Expr, otherwise: Option<Expr>) -> Expr {
    Expr::Case { value: None, whens: vec![(condition, result)], otherwise: otherwise.map(Box::new) }
}

fn custom(operator: &str, left: Expr, right: Expr) -> Expr {
    Expr::Custom { operator: operator.to_owned(), precedence: 0, left: left.into(), right: right.into() }
}

/// What stands behind `DELETE FROM t WHERE `.
fn conditions(cases: Vec<(Expr, &str)>) {
    for (expr, expected) in cases {
        let delete = Query::Delete { table: source("t"), conditions: vec![expr], returning: vec![] };
        check(vec![(query(delete), format!("DELETE FROM t WHERE {expected}").as_str())]);
    }
}

#[test]
fn parentheses() {
    let j = || of("j", JSONB);
    let p = || of("p", Type::Json { binary: false });
    conditions(vec![
        (binary("+", binary("+", a(), number(1)), number(2)), "t.a + 1 + 2"),
        (binary("*", binary("+", a(), number(1)), number(2)), "(t.a + 1) * 2"),
        (binary("-", binary("-", a(), number(1)), number(2)), "(t.a - 1) - 2"),
        (binary("+", a(), binary("*", a(), number(2))), "t.a + t.a * 2"),
        (binary("/", a(), number(2)), "t.a / CAST(2 AS NUMERIC)"),
        (binary("//", a(), number(2)), "t.a / 2"),
        (eq(binary("%", a(), number(2)), number(0)), "t.a % 2 = 0"),
        (Expr::Negative(binary("+", a(), number(1)).into()), "-(t.a + 1)"),
        (binary("*", Expr::Negative(a().into()), number(2)), "(-t.a) * 2"),
        (eq(binary("||", s(), string("x")), string("y")), "(t.s || 'x') = 'y'"),
        (binary("||", binary("||", s(), string("x")), s()), "t.s || 'x' || t.s"),
        (eq(one(), x()), "(t.a = 1) = (t.s = 'x')"),
        (binary("IS", binary("+", a(), number(1)), Expr::Null), "t.a + 1 IS NULL"),
        (Expr::And(vec![Expr::Or(vec![b(), one()]), x()]), "(t.b OR t.a = 1) AND t.s = 'x'"),
        (Expr::Or(vec![b(), Expr::And(vec![one(), x()])]), "t.b OR t.a = 1 AND t.s = 'x'"),
        (Expr::And(vec![one(), Expr::And(vec![x(), b()])]), "t.a = 1 AND t.s = 'x' AND t.b"),
        (Expr::And(vec![raw("a = 1 or b = 2"), one()]), "a = 1 or b = 2 AND t.a = 1"),
        (Expr::And(vec![Expr::True, one()]), "t.a = 1"),
        (Expr::And(vec![one(), Expr::False]), "false"),
        (Expr::Or(vec![Expr::True, one()]), "true"),
        (custom("&", a(), number(4)), "t.a & 4"),
        (binary("!=", custom("&", a(), number(4)), number(0)), "(t.a & 4) != 0"),
        (Expr::And(vec![custom("@>", j(), string("x")), b()]), "(t.j @> 'x') AND t.b"),
        (binary("->", binary("->", j(), string("k")), string("l")), "t.j['k']['l']"),
        (eq(binary("->>", binary("->", j(), string("k")), string("l")), string("x")), "((t.j['k']) ->> 'l') = 'x'"),
        (binary("->", binary("->", p(), string("k")), string("l")), "(t.p -> 'k') -> 'l'"),
        (binary("->>", binary("->", p(), string("k")), string("l")), "((t.p -> 'k')) ->> 'l'"),
        (binary("||", binary("->>", p(), string("k")), string("x")), "(t.p ->> 'k') || 'x'"),
        (cast(binary("->>", p(), string("k")), INTEGER), "CAST(t.p ->> 'k' AS INTEGER)"),
        (binary("LIKE", s(), string("a%")), "t.s LIKE 'a%'"),
        (binary("LIKE", s(), binary("||", string("%"), s())), "t.s LIKE ('%' || t.s)"),
        (binary("CONTAINS", s(), string("a")), "(t.s LIKE '%' || 'a' || '%')"),
        (binary("STARTSWITH", s(), string("a")), "(t.s LIKE 'a' || '%')"),
        (binary("NOT LIKE", s(), binary("ESCAPE", string("a%"), string("/"))), "t.s NOT LIKE 'a%' ESCAPE '/'"),
        (eq(Expr::Collate { inner: s().into(), collation: "C".to_owned() }, string("x")), "(t.s COLLATE \"C\") = 'x'"),
    ]);
}

#[test]
fn opposites() {
    let exists = |negated| Expr::Exists { select: ids(vec![]), negated };
    let between = |negated| Expr::Between { left: a().into(), low: number(1).into(), high: number(2).into(), negated };
    conditions(vec![
        (not(one()), "t.a != 1"),
        (not(b()), "NOT t.b"),
        (not(not(b())), "t.b"),
        (eq(not(b()), Expr::True), "NOT t.b = true"),
        (not(Expr::And(vec![one(), x()])), "NOT (t.a = 1 AND t.s = 'x')"),
        (not(binary("LIKE", s(), string("x%"))), "t.s NOT LIKE 'x%'"),
        (not(custom("@>", of("j", JSONB), string("x"))), "NOT (t.j @> 'x')"),
        (not(function("f", vec![a()])), "NOT f(t.a)"),
        (not(binary("<", a(), number(1))), "t.a >= 1"),
        (Expr::And(vec![not(b()), one()]), "NOT t.b AND t.a = 1"),
        (exists(false), "EXISTS (SELECT u.id \nFROM u)"),
        (not(exists(false)), "NOT (EXISTS (SELECT u.id \nFROM u))"),
        (Expr::And(vec![b(), exists(false)]), "t.b AND (EXISTS (SELECT u.id \nFROM u))"),
        (Expr::And(vec![exists(true), b()]), "NOT (EXISTS (SELECT u.id \nFROM u)) AND t.b"),
        (between(false), "t.a BETWEEN 1 AND 2"),
        (not(between(false)), "t.a NOT BETWEEN 1 AND 2"),
        (within(a(), vec![number(1), number(2)], false), "t.a IN (1, 2)"),
        (not(within(a(), vec![number(1)], false)), "(t.a NOT IN (1))"),
        (within(a(), vec![], false), "t.a IN (NULL) AND (1 != 1)"),
        (within(a(), vec![], true), "(t.a NOT IN (NULL) OR (1 = 1))"),
        (Expr::InSelect { left: a().into(), select: ids(vec![]), negated: false }, "t.a IN (SELECT u.id \nFROM u)"),
        (
            Expr::InSelect { left: a().into(), select: ids(vec![]), negated: true },
            "(t.a NOT IN (SELECT u.id \nFROM u))",
        ),
        (
            within(Expr::Tuple(vec![a(), s()]), vec![Expr::Tuple(vec![number(1), string("x")])], false),
            "(t.a, t.s) IN ((1, 'x'))",
        ),
    ]);
}

#[test]
fn functions_and_literals() {
    let literal = |literal| value(literal);
    conditions(vec![
        (function("count", vec![]), "count(*)"),
        (
            function("count", vec![Expr::Prefixed { keyword: "DISTINCT".to_owned(), inner: a().into() }]),
            "count(DISTINCT t.a)",
        ),
        (function("NOW", vec![]), "now()"),
        (function("LOWER", vec![s()]), "LOWER(t.s)"),
        (function("COALESCE", vec![s(), string("")]), "coalesce(t.s, '')"),
        (function("current_timestamp", vec![number(3)]), "CURRENT_TIMESTAMP(3)"),
        (
            function("pg_catalog.set_config", vec![string("a"), literal(Literal::Bool(true))]),
            "pg_catalog.set_config('a', true)",
        ),
        (function("substring", vec![s(), number(1), number(2)]), "SUBSTRING(t.s FROM 1 FOR 2)"),
        (function("a b", vec![number(1)]), "\"a b\"(1)"),
        (function("f", vec![one()]), "f(t.a = 1)"),
        (cast(binary("+", a(), number(1)), varchar(Some(5))), "CAST(t.a + 1 AS VARCHAR(5))"),
        (cast(string("1"), INTEGER), "CAST(1 AS INTEGER)"),
        (cast(string("x"), Type::Enum(Box::new(enumeration("e", &["x"])))), "CAST('x' AS e)"),
        (Expr::Extract { field: "year".to_owned(), inner: s().into() }, "EXTRACT(year FROM t.s)"),
        (
            Expr::Over { inner: function("row_number", vec![]).into(), partition_by: vec![a()], order_by: vec![s()] },
            "row_number() OVER (PARTITION BY t.a ORDER BY t.s)",
        ),
        (case(one(), string("x"), Some(string("y"))), "CASE WHEN (t.a = 1) THEN 'x' ELSE 'y' END"),
        (case(b(), binary("+", a(), number(1)), None), "CASE WHEN t.b THEN t.a + 1 END"),
        (literal(Literal::Float("1e+20".to_owned())), "1e+20"),
        (literal(Literal::Decimal("1.50".to_owned())), "1.50"),
        (literal(Literal::Date("2020-01-02".to_owned())), "'2020-01-02'"),
        (literal(Literal::Interval("86400.0".to_owned())), "make_interval(secs=>86400.0)"),
        (literal(Literal::Bytes(b"it's".to_vec())), "'it''s'"),
        (Expr::Array(vec![number(1), number(2)]), "ARRAY[1, 2]"),
        (
            Expr::Value {
                value: Literal::List(vec![Literal::List(vec![Literal::Int("1".to_owned())])]),
                kind: Some(array(INTEGER, 2)),
            },
            "ARRAY[ARRAY[1]]",
        ),
    ]);
    let delete = Query::Delete { table: source("t"), conditions: vec![string("a\\b")], returning: vec![] };
    check_with(&old(), vec![(query(delete), "DELETE FROM t WHERE 'a\\\\b'")]);
}

#[test]
fn changes_of_data() {
    let typed = |literal, kind| Expr::Value { value: literal, kind: Some(kind) };
    let text = |text: &str| Literal::Str(Text::made(text));
    let update = |set: Vec<(&str, Expr)>, conditions| {
        let set = set.into_iter().map(|(column, value)| (name(column), value)).collect();
        query(Query::Update { table: source("t"), set, conditions, returning: vec![] })
    };
    let insert = |columns: &[&str], values: Vec<Expr>| {
        let rows = vec![values];
        query(Query::Insert { table: source("t"), columns: names(columns), rows, conflict: None, returning: vec![] })
    };
    let highest = || Expr::Subquery(Box::new(select(vec![function("max", vec![of_u("id")])], "u", vec![])));
    check(vec![
        (update(vec![("b", string("x"))], vec![one()]), "UPDATE t SET b='x' WHERE t.a = 1"),
        (
            update(vec![("a", binary("+", a(), number(1))), ("s", Expr::Null)], vec![one(), Expr::Or(vec![x(), b()])]),
            "UPDATE t SET a=(t.a + 1), s=NULL WHERE t.a = 1 AND (t.s = 'x' OR t.b)",
        ),
        (update(vec![("a", of_u("id"))], vec![eq(of_u("t_id"), a())]), "UPDATE t SET a=u.id FROM u WHERE u.t_id = t.a"),
        (update(vec![("a", highest())], vec![]), "UPDATE t SET a=(SELECT max(u.id) AS max_1 \nFROM u)"),
        (
            update(
                vec![
                    ("a", typed(text("5"), INTEGER)),
                    ("b", typed(Literal::Int("1".to_owned()), Type::Boolean)),
                    ("n", typed(text("1.5"), numeric(None, None))),
                    ("j", typed(Literal::Json("{\"a\": 1}".to_owned()), JSONB)),
                ],
                vec![],
            ),
            "UPDATE t SET a=5, b=true, n=1.5, j='{\"a\": 1}'",
        ),
        (
            update(
                vec![("b", not(b())), ("c", not(Expr::And(vec![b(), b()]))), ("d", case(one(), number(2), None))],
                vec![],
            ),
            "UPDATE t SET b=NOT t.b, c=(NOT (t.b AND t.b)), d=CASE WHEN (t.a = 1) THEN 2 END",
        ),
        (
            insert(
                &["a", "b", "c", "d"],
                vec![
                    number(1),
                    string("it's"),
                    value(Literal::Bool(true)),
                    value(Literal::DateTime("2020-01-02 03:04:05".to_owned())),
                ],
            ),
            "INSERT INTO t (a, b, c, d) VALUES (1, 'it''s', true, '2020-01-02 03:04:05')",
        ),
        (insert(&["a"], vec![highest()]), "INSERT INTO t (a) VALUES ((SELECT max(u.id) AS max_1 \nFROM u))"),
        (insert(&[], vec![]), "INSERT INTO t DEFAULT VALUES"),
        (
            query(Query::InsertSelect {
                table: source("t"),
                conflict: None,
                returning: vec![],
                columns: names(&["a", "s"]),
                select: Box::new(select(
                    vec![of_u("id"), string("x")],
                    "u",
                    vec![binary(">", of_u("t_id"), number(1))],
                )),
            }),
            "INSERT INTO t (a, s) SELECT u.id, 'x' AS anon_1 \nFROM u \nWHERE u.t_id > 1",
        ),
        (
            query(Query::Delete { table: source("t"), conditions: vec![eq(a(), of_u("id"))], returning: vec![] }),
            "DELETE FROM t USING u WHERE t.a = u.id",
        ),
        (query(Query::Delete { table: source("S/t"), conditions: vec![], returning: vec![] }), "DELETE FROM \"S\".t"),
    ]);
}

#[test]
fn selects() {
    let full = Select {
        distinct: Distinct::Yes,
        group_by: vec![a()],
        having: vec![binary(">", function("count", vec![]), number(1))],
        order_by: vec![ordered(a(), "DESC"), label(s(), "z")],
        limit: Some(number(5)),
        offset: Some(number(2)),
        ..select(vec![a(), label(s(), "z")], "t", vec![one()])
    };
    let made = |columns| query(Query::Select(Box::new(select(columns, "t", vec![]))));
    let join = |outer| From::Join {
        left: source("t"),
        right: Source::new(From::Alias { of: source("u"), name: Some(name("v")) }),
        on: eq(of_u("t_id"), a()),
        outer,
        full: false,
    };
    let from = |from| {
        query(Query::Select(Box::new(Select {
            columns: vec![raw("1")],
            from: vec![Source::new(from)],
            ..Select::default()
        })))
    };
    let inner = select(vec![function("max", vec![a()]), label(s(), "k"), s()], "t", vec![]);
    let offset = Select { offset: Some(number(5)), ..select(vec![a()], "t", vec![]) };
    check(vec![
        (
            query(Query::Select(Box::new(full))),
            "SELECT DISTINCT t.a, t.s AS z \nFROM t \nWHERE t.a = 1 GROUP BY t.a \nHAVING count(*) > 1 ORDER BY t.a DESC, z \n LIMIT 5 OFFSET 2",
        ),
        (query(Query::Select(Box::new(offset))), "SELECT t.a \nFROM t\n LIMIT ALL OFFSET 5"),
        (
            made(vec![function("count", vec![a()]), function("count", vec![s()]), binary("+", a(), number(1)), one()]),
            "SELECT count(t.a) AS count_1, count(t.s) AS count_2, t.a + 1 AS anon_1, t.a = 1 AS anon_2 \nFROM t",
        ),
        (
            made(vec![cast(a(), varchar(None)), cast(function("f", vec![]), INTEGER), not(b()), raw("x"), Expr::Null]),
            "SELECT CAST(t.a AS VARCHAR) AS a, CAST(f() AS INTEGER) AS f_1, NOT t.b, x, NULL AS anon_1 \nFROM t",
        ),
        (from(join(false)), "SELECT 1 \nFROM t JOIN u AS v ON u.t_id = t.a"),
        (from(join(true)), "SELECT 1 \nFROM t LEFT OUTER JOIN u AS v ON u.t_id = t.a"),
        (
            from(From::Subquery { select: Box::new(inner), name: Some(name("q")), lateral: false }),
            "SELECT 1 \nFROM (SELECT max(t.a) AS max_1, t.s AS k, t.s AS s \nFROM t) AS q",
        ),
    ]);
}
