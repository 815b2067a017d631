//! Columns: types, keys, defaults, what stands behind them.

use limbeck::op::{Computed, Default, EnumType, Expr, Identity, Name, Type};

use crate::{build::*, check, check_with, old};

#[test]
fn types() {
    let text = |word: &str, length| Type::Text { word: word.to_owned(), length, collation: None };
    let collated = Type::Text { word: "VARCHAR".to_owned(), length: Some(20), collation: Some("C".to_owned()) };
    let cases: Vec<(Type, &str)> = vec![
        (varchar(None), "VARCHAR"),
        (varchar(Some(20)), "VARCHAR(20)"),
        (collated.clone(), "VARCHAR(20) COLLATE \"C\""),
        (array(collated, 1), "VARCHAR(20)[] COLLATE \"C\""),
        (text("TEXT", Some(5)), "TEXT(5)"),
        (text("CHAR", Some(3)), "CHAR(3)"),
        (text("NVARCHAR", Some(4)), "NVARCHAR(4)"),
        (Type::Boolean, "BOOLEAN"),
        (INTEGER, "INTEGER"),
        (Type::Integer { bytes: 8 }, "BIGINT"),
        (Type::Integer { bytes: 2 }, "SMALLINT"),
        (Type::Float { precision: None }, "FLOAT"),
        (Type::Float { precision: Some(53) }, "FLOAT(53)"),
        (numeric(None, None), "NUMERIC"),
        (numeric(Some(10), None), "NUMERIC(10)"),
        (numeric(Some(10), Some(2)), "NUMERIC(10, 2)"),
        (Type::Timestamp { timezone: false, precision: None }, "TIMESTAMP WITHOUT TIME ZONE"),
        (Type::Timestamp { timezone: true, precision: Some(3) }, "TIMESTAMP(3) WITH TIME ZONE"),
        (Type::Time { timezone: true, precision: None }, "TIME WITH TIME ZONE"),
        (Type::Time { timezone: false, precision: Some(3) }, "TIME(3) WITHOUT TIME ZONE"),
        (Type::Interval { fields: None, precision: Some(3) }, "INTERVAL (3)"),
        (Type::Interval { fields: Some("YEAR".to_owned()), precision: None }, "INTERVAL YEAR"),
        (Type::Date, "DATE"),
        (Type::Json { binary: false }, "JSON"),
        (JSONB, "JSONB"),
        (Type::Uuid { as_uuid: true }, "UUID"),
        (Type::Bytes, "BYTEA"),
        (Type::Bit { length: Some(3), varying: false }, "BIT(3)"),
        (Type::Bit { length: Some(3), varying: true }, "BIT VARYING(3)"),
        (Type::Bit { length: None, varying: true }, "BIT VARYING"),
        (array(INTEGER, 1), "INTEGER[]"),
        (array(varchar(Some(5)), 2), "VARCHAR(5)[][]"),
        (Type::Verbatim("geometry(POINT,4326)".to_owned()), "geometry(POINT,4326)"),
        (Type::Enum(Box::new(enumeration("MyEnum", &["a"]))), "\"MyEnum\""),
        (array(Type::Enum(Box::new(enumeration("ab", &["a"]))), 1), "ab[]"),
        (Type::Enum(Box::new(EnumType { native: false, ..enumeration("e", &["a", "bbb"]) })), "VARCHAR(3)"),
        (Type::Enum(Box::new(EnumType { native: false, length: Some(50), ..enumeration("e", &["a"]) })), "VARCHAR(50)"),
    ];
    for (kind, expected) in cases {
        check(vec![(typed(kind), format!("ALTER TABLE t ADD COLUMN c {expected}").as_str())]);
    }
    let untyped = with("c", INTEGER, |column| column.kind = None);
    check(vec![
        (typed(Type::Refused("LONGTEXT has no form".to_owned())), "!! LONGTEXT has no form"),
        (add_column("t", untyped), "!! no type is given for column `c`"),
        (typed(Type::Enum(Box::new(enumeration("", &["a"])))), "!! ENUM type requires a name"),
        (typed(Type::Enum(Box::new(enumeration("text", &["a"])))), "!! built-in type"),
    ]);
}

#[test]
fn defaults() {
    let cases: Vec<(Default, &str)> = vec![
        (Default::Literal("x".to_owned()), " DEFAULT 'x'"),
        (Default::Literal("it's".to_owned()), " DEFAULT 'it''s'"),
        (Default::Literal("now()".to_owned()), " DEFAULT 'now()'"),
        (Default::Literal(String::new()), " DEFAULT ''"),
        (Default::Literal("back\\slash".to_owned()), " DEFAULT 'back\\slash'"),
        (Default::Expr(Box::new(raw("now()"))), " DEFAULT now()"),
        (Default::Expr(Box::new(raw("now()::date"))), " DEFAULT now()::date"),
        (Default::Expr(Box::new(raw("'\\:x'"))), " DEFAULT ':x'"),
        (Default::Expr(Box::new(function("now", vec![]))), " DEFAULT now()"),
        (Default::Expr(Box::new(function("current_timestamp", vec![]))), " DEFAULT CURRENT_TIMESTAMP"),
        (
            Default::Expr(Box::new(function("timezone", vec![string("utc"), function("now", vec![])]))),
            " DEFAULT timezone('utc', now())",
        ),
        (Default::Expr(Box::new(Expr::True)), " DEFAULT true"),
        (Default::Expr(Box::new(Expr::Null)), " DEFAULT NULL"),
        (Default::Expr(Box::new(number(5))), " DEFAULT 5"),
        (Default::Expr(Box::new(Expr::Verbatim("5".to_owned()))), " DEFAULT 5"),
        (
            Default::Expr(Box::new(binary("+", function("now", vec![]), raw("interval '1 day'")))),
            " DEFAULT now() + interval '1 day'",
        ),
        (Default::Fetched, ""),
    ];
    for (default, expected) in cases {
        check(vec![(defaulted(default), format!("ALTER TABLE t ADD COLUMN c VARCHAR{expected}").as_str())]);
    }
    check(vec![
        (defaulted(Default::Expr(Box::new(raw("':x'")))), "!! no value is given for `:x`"),
        (defaulted(Default::Expr(Box::new(cast(string("{}"), JSONB)))), "!! no literal value renderer"),
    ]);
    let slash = defaulted(Default::Literal("a\\b".to_owned()));
    check_with(&old(), vec![(slash, "ALTER TABLE t ADD COLUMN c VARCHAR DEFAULT 'a\\\\b'")]);
}

/// The lines of `CREATE TABLE t` for these columns.
fn lines(columns: Vec<limbeck::op::Column>, expected: &[&str]) {
    lines_with(&limbeck::render::Dialect::default(), columns, expected);
}

fn lines_with(dialect: &limbeck::render::Dialect, columns: Vec<limbeck::op::Column>, expected: &[&str]) {
    let expected = format!("CREATE TABLE t (\n    {}\n)", expected.join(", \n    "));
    check_with(dialect, vec![(create("t", columns, vec![]), expected.as_str())]);
}

#[test]
fn keys() {
    let own = |name: &str, given: Option<bool>| {
        with(name, INTEGER, |column| (column.primary_key, column.autoincrement) = (true, given))
    };
    lines(vec![key("id", INTEGER)], &["id SERIAL NOT NULL", "PRIMARY KEY (id)"]);
    lines(vec![key("id", Type::Integer { bytes: 8 })], &["id BIGSERIAL NOT NULL", "PRIMARY KEY (id)"]);
    lines(vec![key("id", Type::Integer { bytes: 2 })], &["id SMALLSERIAL NOT NULL", "PRIMARY KEY (id)"]);
    lines(vec![own("id", Some(false))], &["id INTEGER NOT NULL", "PRIMARY KEY (id)"]);
    lines(vec![key("id", varchar(None))], &["id VARCHAR NOT NULL", "PRIMARY KEY (id)"]);
    lines(
        vec![key("a", INTEGER), key("b", varchar(Some(5)))],
        &["a INTEGER NOT NULL", "b VARCHAR(5) NOT NULL", "PRIMARY KEY (a, b)"],
    );
    lines(
        vec![key("a", varchar(None)), own("b", Some(true))],
        &["a VARCHAR NOT NULL", "b SERIAL NOT NULL", "PRIMARY KEY (b, a)"],
    );
    let nullable = with("a", INTEGER, |column| (column.primary_key, column.nullable) = (true, Some(true)));
    lines(vec![nullable], &["a SERIAL", "PRIMARY KEY (a)"]);
    let foreign_key = with("id", INTEGER, |column| {
        column.primary_key = true;
        column.constraints.push(foreign(None, &["id"], "u", &["id"]));
    });
    lines(vec![foreign_key], &["id INTEGER NOT NULL", "PRIMARY KEY (id)", "FOREIGN KEY(id) REFERENCES u (id)"]);
    let defaulted = with("id", INTEGER, |column| {
        column.primary_key = true;
        column.server_default = Some(Default::Expr(Box::new(raw("nextval('s')"))));
    });
    lines(vec![defaulted.clone()], &["id INTEGER DEFAULT nextval('s') NOT NULL", "PRIMARY KEY (id)"]);
    let counted = limbeck::op::Column { autoincrement: Some(true), ..defaulted };
    lines(vec![counted], &["id SERIAL NOT NULL", "PRIMARY KEY (id)"]);
    let sequence = with("id", INTEGER, |column| (column.primary_key, column.sequence) = (true, true));
    lines(vec![sequence], &["id INTEGER NOT NULL", "PRIMARY KEY (id)"]);
    lines(vec![key("id", numeric(None, None))], &["id NUMERIC NOT NULL", "PRIMARY KEY (id)"]);
    lines_with(&old(), vec![key("id", numeric(None, None))], &["id SERIAL NOT NULL", "PRIMARY KEY (id)"]);
    let wrong = with("a", varchar(None), |column| (column.primary_key, column.autoincrement) = (true, Some(true)));
    check(vec![
        (create("t", vec![wrong], vec![]), "!! not compatible with `autoincrement=True`"),
        (create("t", vec![], vec![primary(None, &["z"])]), "!! column `z`"),
        (create("t", vec![], vec![]), "CREATE TABLE t (\n)"),
        (
            create("t", vec![column("id", INTEGER)], vec![primary(Some("t_pk"), &["id"])]),
            "CREATE TABLE t (\n    id SERIAL NOT NULL, \n    CONSTRAINT t_pk PRIMARY KEY (id)\n)",
        ),
    ]);
}

#[test]
fn generated_columns() {
    let identified = |given: Identity, nullable| {
        with("a", INTEGER, |column| (column.identity, column.nullable) = (Some(Box::new(given)), nullable))
    };
    lines(vec![identified(identity(false), None)], &["a INTEGER GENERATED BY DEFAULT AS IDENTITY"]);
    lines(vec![identified(identity(false), Some(false))], &["a INTEGER GENERATED BY DEFAULT AS IDENTITY"]);
    lines(vec![identified(identity(true), Some(true))], &["a INTEGER GENERATED ALWAYS AS IDENTITY NULL"]);
    let full = Identity {
        start: Some(1),
        increment: Some(1),
        minvalue: Some(1),
        maxvalue: Some(9),
        cycle: Some(true),
        cache: Some(5),
        ..identity(false)
    };
    lines(
        vec![identified(full, None)],
        &[
            "a INTEGER GENERATED BY DEFAULT AS IDENTITY (INCREMENT BY 1 START WITH 1 MINVALUE 1 MAXVALUE 9 CACHE 5 CYCLE)",
        ],
    );
    let none = Identity { nominvalue: true, nomaxvalue: true, cycle: Some(false), ..identity(false) };
    lines(
        vec![identified(none, None)],
        &["a INTEGER GENERATED BY DEFAULT AS IDENTITY (NO MINVALUE NO MAXVALUE NO CYCLE)"],
    );
    let computed = |persisted| {
        let made = Computed { expr: raw("a*2"), persisted };
        with("b", INTEGER, |column| column.computed = Some(Box::new(made)))
    };
    lines(vec![computed(Some(true))], &["b INTEGER GENERATED ALWAYS AS (a*2) STORED"]);
    lines(vec![computed(None)], &["b INTEGER GENERATED ALWAYS AS (a*2)"]);
    lines(vec![computed(Some(false))], &["b INTEGER GENERATED ALWAYS AS (a*2) VIRTUAL"]);
    lines_with(&old(), vec![computed(None)], &["b INTEGER GENERATED ALWAYS AS (a*2) STORED"]);
    check_with(&old(), vec![(create("t", vec![computed(Some(false))], vec![]), "!! persisted=False")]);
}

#[test]
fn quotes() {
    let cases = [
        ("user", "\"user\""),
        ("end", "\"end\""),
        ("Desc", "\"Desc\""),
        ("camelCase", "\"camelCase\""),
        ("a-b", "\"a-b\""),
        ("1abc", "\"1abc\""),
        ("$a", "\"$a\""),
        ("_a", "_a"),
        ("a$b", "a$b"),
        ("é", "\"é\""),
        ("name", "name"),
        ("concurrently", "concurrently"),
        ("a\"b", "\"a\"\"b\""),
        ("a%b", "\"a%b\""),
        ("a.b", "\"a.b\""),
        ("authorization", "\"authorization\""),
    ];
    for (given, expected) in cases {
        let sql = format!("ALTER TABLE {expected} ADD COLUMN {expected} INTEGER");
        check(vec![(add_column(given, column(given, INTEGER)), sql.as_str())]);
    }
    let forced = |text, quote| with(text, INTEGER, |column| column.name = Name { quote, ..name(text) });
    lines(vec![forced("a", Some(true)), forced("B", Some(false))], &["\"a\" INTEGER", "B INTEGER"]);
}
