//! Tables, constraints, indexes, changes of columns, enums.

use limbeck::{
    op::{AlterDefault, ConstraintKind, CreateTable, Default, EnumType, Expr, Identity, Index, Op, OptionValue, Type},
    render::{Dialect, Memo, render},
};

use crate::{build::*, check, check_with, conventions, framed, named, old};

const YES: OptionValue = OptionValue::Bool(true);

#[test]
fn tables() {
    let drop = |given: &str, if_exists| Op::DropTable { table: table(given), if_exists };
    let option = |pairs: Vec<(&str, OptionValue)>| {
        let options = pairs.into_iter().map(|(key, value)| (key.to_owned(), value)).collect();
        let made = CreateTable { options, ..created("t", vec![column("a", INTEGER)], vec![]) };
        Op::CreateTable(Box::new(made))
    };
    let guarded = CreateTable {
        if_not_exists: true,
        prefixes: vec!["UNLOGGED".to_owned()],
        comment: Some("tab".to_owned()),
        ..created("s/t", vec![with("a", INTEGER, |column| column.index = true)], vec![])
    };
    check(vec![
        (drop("t", false), "DROP TABLE t"),
        (drop("s/t", true), "DROP TABLE IF EXISTS s.t"),
        (drop("db.sch/t", false), "DROP TABLE \"db.sch\".t"),
        (Op::RenameTable { table: table("s/a"), to: name("B") }, "ALTER TABLE s.a RENAME TO \"B\""),
        (Op::CommentTable { table: table("s/t"), comment: Some("it's".to_owned()) }, "COMMENT ON TABLE s.t IS 'it''s'"),
        (Op::CommentTable { table: table("t"), comment: None }, "COMMENT ON TABLE t IS NULL"),
        (
            Op::CreateTable(Box::new(guarded)),
            "CREATE UNLOGGED TABLE IF NOT EXISTS s.t (\n    a INTEGER\n)\n\nCREATE INDEX ix_s_t_a ON s.t (a)\n\n\
             COMMENT ON TABLE s.t IS 'tab'",
        ),
        (
            option(vec![("partition_by", word("RANGE (a)")), ("with_oids", OptionValue::Bool(false))]),
            "CREATE TABLE t (\n    a INTEGER\n)\n PARTITION BY RANGE (a)\n WITHOUT OIDS",
        ),
        (
            option(vec![("inherits", word("p")), ("tablespace", word("ts")), ("on_commit", word("DROP"))]),
            "CREATE TABLE t (\n    a INTEGER\n)\n INHERITS (p)\n ON COMMIT DROP\n TABLESPACE ts",
        ),
        (
            option(vec![("with", map(&[("fillfactor", "70")])), ("using", word("heap"))]),
            "CREATE TABLE t (\n    a INTEGER\n)\n USING heap\n WITH (fillfactor = 70)",
        ),
    ]);
}

#[test]
fn constraints_of_tables() {
    let both = |name: &str, target: &str| {
        with(name, INTEGER, |column| {
            column.unique = true;
            column.constraints.push(foreign(None, &[name], target, &["id"]));
        })
    };
    let columns = vec![both("a", "u"), column("e", checked("en", &["x"])), both("b", "v")];
    let given = vec![
        unique(None, &["b"]),
        checking(None, raw("a>0")),
        foreign(None, &["a"], "w", &["id"]),
        primary(None, &["a"]),
    ];
    let own = with("a", INTEGER, |column| {
        (column.nullable, column.server_default) = (Some(false), Some(Default::Literal("1".to_owned())));
        column.constraints = vec![checking(Some("c1"), raw("a>0")), checking(None, raw("a>1"))];
    });
    let full = with("a", varchar(Some(10)), |column| {
        column.constraints.push(on_delete(foreign(Some("fk_a"), &["a"], "u", &["id"]), "CASCADE"));
        (column.server_default, column.nullable) = (Some(Default::Literal("x".to_owned())), Some(false));
        (column.unique, column.index, column.comment) = (true, true, Some("hi".to_owned()));
    });
    let mut later = foreign(Some("fk"), &["a"], "u", &["id"]);
    if let ConstraintKind::ForeignKey { use_alter, .. } = &mut later.kind {
        *use_alter = true;
    }
    check(vec![
        (
            create("t", columns, given),
            "CREATE TABLE t (\n    a INTEGER NOT NULL, \n    e VARCHAR(1), \n    b INTEGER, \n    PRIMARY KEY (a), \n    \
             UNIQUE (b), \n    CHECK (a>0), \n    FOREIGN KEY(a) REFERENCES w (id), \n    UNIQUE (a), \n    \
             FOREIGN KEY(a) REFERENCES u (id), \n    CONSTRAINT en CHECK (e IN ('x')), \n    UNIQUE (b), \n    \
             FOREIGN KEY(b) REFERENCES v (id)\n)",
        ),
        (
            create("t", vec![own], vec![]),
            "CREATE TABLE t (\n    a INTEGER DEFAULT '1' NOT NULL CONSTRAINT c1 CHECK (a>0) CHECK (a>1)\n)",
        ),
        (
            create("t", vec![full], vec![]),
            "CREATE TABLE t (\n    a VARCHAR(10) DEFAULT 'x' NOT NULL, \n    CONSTRAINT fk_a FOREIGN KEY(a) REFERENCES \
             u (id) ON DELETE CASCADE\n)\n\nCREATE UNIQUE INDEX ix_t_a ON t (a)\n\nCOMMENT ON COLUMN t.a IS 'hi'",
        ),
        (create("t", vec![column("a", INTEGER)], vec![later]), "CREATE TABLE t (\n    a INTEGER\n)"),
    ]);
}

#[test]
fn added_columns() {
    let referring = || {
        with("a", INTEGER, |column| {
            column.constraints.push(on_delete(foreign(Some("fk"), &["a"], "u", &["id"]), "CASCADE"));
        })
    };
    let inline = |column, references, primary| Op::AddColumn {
        table: table("t"),
        column: Box::new(column),
        if_not_exists: false,
        inline_references: references,
        inline_primary_key: primary,
    };
    let guarded = Op::AddColumn {
        table: table("s/t"),
        column: Box::new(column("a", INTEGER)),
        if_not_exists: true,
        inline_references: false,
        inline_primary_key: false,
    };
    let rich = with("a", INTEGER, |column| {
        column.constraints.push(foreign(None, &["a"], "a.b/u", &["id"]));
        (column.index, column.comment) = (true, Some("c".to_owned()));
    });
    check(vec![
        (guarded, "ALTER TABLE s.t ADD COLUMN IF NOT EXISTS a INTEGER"),
        (
            Op::DropColumn { table: table("s/t"), column: name("a"), if_exists: true },
            "ALTER TABLE s.t DROP COLUMN IF EXISTS a",
        ),
        (add_column("t", key("id", INTEGER)), "ALTER TABLE t ADD COLUMN id SERIAL NOT NULL"),
        (inline(key("a", INTEGER), false, true), "ALTER TABLE t ADD COLUMN a SERIAL NOT NULL PRIMARY KEY"),
        (inline(referring(), true, false), "ALTER TABLE t ADD COLUMN a INTEGER REFERENCES u (id) ON DELETE CASCADE"),
        (
            add_column("t", referring()),
            "ALTER TABLE t ADD COLUMN a INTEGER\n\n\
             ALTER TABLE t ADD CONSTRAINT fk FOREIGN KEY(a) REFERENCES u (id) ON DELETE CASCADE",
        ),
        (
            add_column("a.b/t", rich),
            "ALTER TABLE a.b.t ADD COLUMN a INTEGER\n\n\
             ALTER TABLE \"a.b\".t ADD FOREIGN KEY(a) REFERENCES \"a.b\".u (id)\n\n\
             CREATE INDEX ix_a_b_t_a ON \"a.b\".t (a)\n\nCOMMENT ON COLUMN \"a.b\".t.a IS 'c'",
        ),
        (
            add_column("t", with("a", INTEGER, |column| column.unique = true)),
            "ALTER TABLE t ADD COLUMN a INTEGER\n\nALTER TABLE t ADD UNIQUE (a)",
        ),
        (
            add_column("t", column("e", checked("e_t", &["a"]))),
            "ALTER TABLE t ADD COLUMN e VARCHAR(1)\n\nALTER TABLE t ADD CONSTRAINT e_t CHECK (e IN ('a'))",
        ),
        (typed(Type::Enum(Box::new(enumeration("e_t", &["a"])))), "ALTER TABLE t ADD COLUMN c e_t"),
    ]);
}

#[test]
fn constraints_alone() {
    let mut all = foreign(Some("fk"), &["a"], "s2/u", &["id"]);
    (all.deferrable, all.initially) = (Some(true), Some("IMMEDIATE".to_owned()));
    if let ConstraintKind::ForeignKey { on_update, on_delete, matching, .. } = &mut all.kind {
        *on_update = Some("RESTRICT".to_owned());
        *on_delete = Some("CASCADE".to_owned());
        *matching = Some("SIMPLE".to_owned());
    }
    let fk = || foreign(Some("fk"), &["a"], "u", &["id"]);
    let mut deferred = checking(Some("c"), raw("a \\:x"));
    (deferred.deferrable, deferred.initially) = (Some(true), Some("DEFERRED".to_owned()));
    let excluded = |condition, ops: &[(&str, &str)]| ConstraintKind::Exclude {
        elements: vec![(col("Room"), "=".to_owned()), (Expr::Verbatim("tsrange(a,b)".to_owned()), "&&".to_owned())],
        using: "GIST".to_owned(),
        condition,
        ops: ops.iter().map(|(key, class)| ((*key).to_owned(), (*class).to_owned())).collect(),
    };
    let drop = |given: Option<&str>, kind: Option<&str>, if_exists| Op::DropConstraint {
        table: table("s/t"),
        name: given.map(name),
        kind: kind.map(str::to_owned),
        if_exists,
    };
    check(vec![
        (
            add("s1/t", all),
            "ALTER TABLE s1.t ADD CONSTRAINT fk FOREIGN KEY(a) REFERENCES s2.u (id) MATCH SIMPLE ON DELETE CASCADE \
             ON UPDATE RESTRICT DEFERRABLE INITIALLY IMMEDIATE",
        ),
        (add("t", foreign(None, &["a"], "u", &["id"])), "ALTER TABLE t ADD FOREIGN KEY(a) REFERENCES u (id)"),
        (
            add("t", with_option(fk(), "not_valid", YES)),
            "ALTER TABLE t ADD CONSTRAINT fk FOREIGN KEY(a) REFERENCES u (id) NOT VALID",
        ),
        (
            add("t", on_delete(fk(), "SET NULL (a, \"B\")")),
            "ALTER TABLE t ADD CONSTRAINT fk FOREIGN KEY(a) REFERENCES u (id) ON DELETE SET NULL (a, \"B\")",
        ),
        (
            add("t", on_delete(fk(), "set null")),
            "ALTER TABLE t ADD CONSTRAINT fk FOREIGN KEY(a) REFERENCES u (id) ON DELETE set null",
        ),
        (add("t", on_delete(fk(), "CASCADE; x")), "!! unexpected SQL phrase"),
        (add("t", on_delete(fk(), "")), "!! unexpected SQL phrase"),
        (add("t", foreign(None, &["a", "b"], "u", &["id"])), "!! as many columns"),
        (add("t", primary(Some("pk"), &["a", "b"])), "ALTER TABLE t ADD CONSTRAINT pk PRIMARY KEY (a, b)"),
        (add("t", primary(None, &["a"])), "ALTER TABLE t ADD PRIMARY KEY (a)"),
        (
            add("t", with_option(unique(Some("u"), &["a"]), "nulls_not_distinct", YES)),
            "ALTER TABLE t ADD CONSTRAINT u UNIQUE NULLS NOT DISTINCT (a)",
        ),
        (
            add("t", with_option(unique(None, &["a"]), "include", OptionValue::List(vec!["b".to_owned()]))),
            "ALTER TABLE t ADD UNIQUE (a) INCLUDE (b)",
        ),
        (
            add("t", with_option(deferred, "not_valid", YES)),
            "ALTER TABLE t ADD CONSTRAINT c CHECK (a :x) DEFERRABLE INITIALLY DEFERRED NOT VALID",
        ),
        (add("t", unique(Some(&"u".repeat(70)), &["a"])), "!! exceeds the maximum length of 63"),
        (
            add("t", constraint(Some("ex"), excluded(Some(raw("a>1")), &[("Room", "x")]))),
            "ALTER TABLE t ADD CONSTRAINT ex EXCLUDE USING gist (\"Room\" x WITH =, tsrange(a,b) WITH &&) WHERE (a>1)",
        ),
        (drop(Some("c"), None, false), "ALTER TABLE s.t DROP CONSTRAINT c"),
        (drop(Some("c"), Some("unique"), true), "ALTER TABLE s.t DROP CONSTRAINT IF EXISTS c"),
        (drop(Some("c"), Some("exclude"), false), "!! `exclude` is no type"),
        (drop(None, Some("foreignkey"), false), "!! Alembic refuses"),
        (drop(None, None, false), "!! without a name"),
    ]);
}

#[test]
fn naming_conventions() {
    let ix = |given: Option<&str>, on: &str| Op::CreateIndex(Box::new(indexed(given, on, &["a", "b"])));
    let drop = |given: limbeck::op::Name, kind: &str| Op::DropConstraint {
        table: table("t"),
        name: Some(given),
        kind: Some(kind.to_owned()),
        if_exists: false,
    };
    let mut exact_check = checking(None, raw("a>0"));
    exact_check.name = Some(exact("pos"));
    let long = format!("{}{}", "u".repeat(30), "/");
    let long = long.trim_end_matches('/');
    check_with(
        &named(),
        vec![
            (
                add("t", foreign(None, &["a"], "s/u", &["id"])),
                "ALTER TABLE t ADD CONSTRAINT fk_t_a_u FOREIGN KEY(a) REFERENCES s.u (id)",
            ),
            (add("t", unique(None, &["a", "b"])), "ALTER TABLE t ADD CONSTRAINT uq_t_a UNIQUE (a, b)"),
            (add("t", unique(Some("my"), &["a"])), "ALTER TABLE t ADD CONSTRAINT my UNIQUE (a)"),
            (add("t", primary(None, &["id"])), "ALTER TABLE t ADD CONSTRAINT pk_t PRIMARY KEY (id)"),
            (add("t", checking(Some("pos"), raw("a>0"))), "ALTER TABLE t ADD CONSTRAINT ck_t_pos CHECK (a>0)"),
            (add("t", exact_check), "ALTER TABLE t ADD CONSTRAINT pos CHECK (a>0)"),
            (add("t", checking(None, raw("a>0"))), "!! has no name"),
            (drop(name("pos"), "check"), "ALTER TABLE t DROP CONSTRAINT ck_t_pos"),
            (drop(exact("ck_t_pos"), "check"), "ALTER TABLE t DROP CONSTRAINT ck_t_pos"),
            (drop(name("x"), "foreignkey"), "ALTER TABLE t DROP CONSTRAINT x"),
            (ix(None, "s.x/t"), "CREATE INDEX ix_s_x_t_a ON \"s.x\".t (a, b)"),
            (
                create("t", vec![column("e", checked("e_t", &["a"]))], vec![]),
                "CREATE TABLE t (\n    e VARCHAR(1), \n    CONSTRAINT ck_t_e_t CHECK (e IN ('a'))\n)",
            ),
            (
                add(&"t".repeat(40), foreign(None, &["a"], long, &["id"])),
                "ALTER TABLE tttttttttttttttttttttttttttttttttttttttt ADD CONSTRAINT \
             fk_tttttttttttttttttttttttttttttttttttttttt_a_uuuuuuuuu_3d5c FOREIGN KEY(a) REFERENCES \
             uuuuuuuuuuuuuuuuuuuuuuuuuuuuuu (id)",
            ),
            (
                add(
                    "t",
                    constraint(
                        None,
                        ConstraintKind::Exclude {
                            elements: vec![(col("a"), "=".to_owned())],
                            using: "gist".to_owned(),
                            condition: None,
                            ops: vec![],
                        },
                    ),
                ),
                "ALTER TABLE t ADD EXCLUDE USING gist (a WITH =)",
            ),
        ],
    );
    check_with(
        &conventions(&[
            ("ck", "ck_%(table_name)s_%(column_0_name)s"),
            ("uq", "uq_%(table_name)s_%(column_0_N_name)s"),
            ("fk", "%(column_0N_name)s_%(referred_column_0_name)s"),
        ]),
        vec![
            (check_constraint(None, raw("a>0")), "ALTER TABLE t ADD CONSTRAINT ck_t_ CHECK (a>0)"),
            (
                check_constraint(None, binary(">", col("a"), number(0))),
                "ALTER TABLE t ADD CONSTRAINT ck_t_a CHECK (a > 0)",
            ),
            (check_constraint(Some("zz"), raw("b")), "ALTER TABLE t ADD CONSTRAINT zz CHECK (b)"),
            (add("t", unique(None, &["a", "b"])), "ALTER TABLE t ADD CONSTRAINT uq_t_a_b UNIQUE (a, b)"),
            (
                add("t", foreign(None, &["a", "b"], "u", &["x", "y"])),
                "ALTER TABLE t ADD CONSTRAINT ab_x FOREIGN KEY(a, b) REFERENCES u (x, y)",
            ),
            (
                create("t", vec![column("a", INTEGER)], vec![foreign(None, &["a"], "u", &["x"])]),
                "!! not known to Alembic",
            ),
            (ix(None, "t"), "!! requires that the index has a name"),
        ],
    );
    check(vec![(ix(None, "t"), "CREATE INDEX ix_t_a ON t (a, b)")]);
}

#[test]
fn indexes() {
    let drop = |given: &str, concurrently, if_exists| Op::DropIndex {
        index: table(given),
        table: None,
        concurrently,
        if_exists,
    };
    let long = Index { name: Some(exact(&"i".repeat(70))), ..indexed(None, "t", &["a"]) };
    let guarded = Index {
        unique: true,
        if_not_exists: true,
        options: vec![("concurrently".to_owned(), YES)],
        ..indexed(Some("ix"), "s/t", &["A", "b c"])
    };
    check(vec![
        (
            Op::CreateIndex(Box::new(guarded)),
            "CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS ix ON s.t (\"A\", \"b c\")",
        ),
        (
            Op::CreateIndex(Box::new(long)),
            "CREATE INDEX iiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiii_fa70 ON t (a)",
        ),
        (
            index(vec![("using", word("GIN")), ("ops", map(&[("a", "gin_trgm_ops")]))]),
            "CREATE INDEX ix ON t USING gin (a gin_trgm_ops)",
        ),
        (index(vec![("using", word("gin (x)"))]), "!! unexpected SQL phrase"),
        (index(vec![("where", word("b = 'x'"))]), "CREATE INDEX ix ON t (a) WHERE b = 'x'"),
        (
            index(vec![("where", OptionValue::Expr(binary("IS", col("b"), Expr::Null)))]),
            "CREATE INDEX ix ON t (a) WHERE b IS NULL",
        ),
        (
            index(vec![
                ("include", OptionValue::List(vec!["B".to_owned()])),
                ("with", map(&[("fillfactor", "50"), ("m", "16")])),
                ("tablespace", word("ts")),
                ("nulls_not_distinct", YES),
            ]),
            "CREATE INDEX ix ON t (a) INCLUDE (\"B\") NULLS NOT DISTINCT WITH (fillfactor = 50, m = 16) TABLESPACE ts",
        ),
        (
            index_on(vec![raw("lower(a)"), ordered(col("b"), "DESC NULLS LAST")]),
            "CREATE INDEX ix ON t (lower(a), b DESC NULLS LAST)",
        ),
        (
            index_on(vec![
                binary("+", col("a"), number(1)),
                Expr::Negative(col("b").into()),
                Expr::Collate { inner: col("s").into(), collation: "C".to_owned() },
                cast(col("a"), Type::Text { word: "TEXT".to_owned(), length: None, collation: None }),
                binary("->>", of("j", JSONB), string("k")),
                binary("->", of("j", JSONB), string("k")),
                binary("IS", col("a"), Expr::Null),
                function("coalesce", vec![col("a"), number(-1)]),
            ]),
            "CREATE INDEX ix ON t ((a + 1), (-b), (s COLLATE \"C\"), CAST(a AS TEXT), (j ->> 'k'), (j['k']), (a IS NULL), coalesce(a, -1))",
        ),
        (index_on(vec![function("to_tsvector", vec![string("english"), col("a")])]), "!! as a REGCONFIG"),
        (
            index_on(vec![function("to_tsvector", vec![raw("'english'"), col("a")])]),
            "CREATE INDEX ix ON t (to_tsvector('english', a))",
        ),
        (drop("ix", false, false), "DROP INDEX ix"),
        (drop("S/ix", true, true), "DROP INDEX CONCURRENTLY IF EXISTS \"S\".ix"),
        (drop(&"i".repeat(64), false, false), "!! exceeds the maximum length"),
    ]);
}

#[test]
fn changed_columns() {
    let to = |kind: Type, using: &str| {
        alter("t", |change| (change.kind, change.using) = (Some(kind), Some(using.to_owned())))
    };
    let default = |given: Option<AlterDefault>, before: Option<Identity>| {
        alter("t", |change| (change.server_default, change.existing_identity) = (Some(given), before))
    };
    let literal = |text: &str| Some(AlterDefault::Value(Default::Literal(text.to_owned())));
    let start = Identity { start: Some(3), cycle: Some(true), cache: Some(2), ..identity(true) };
    check(vec![
        (
            alter("s/t", |change| {
                (change.kind, change.using) = (Some(Type::Integer { bytes: 8 }), Some("a::bigint".to_owned()));
                (change.nullable, change.server_default) = (Some(false), Some(literal("x")));
                (change.comment, change.rename) = (Some(Some("c".to_owned())), Some(name("B")));
            }),
            "ALTER TABLE s.t ALTER COLUMN a TYPE BIGINT USING a::bigint\n\nALTER TABLE s.t ALTER COLUMN a SET NOT NULL\n\n\
             ALTER TABLE s.t ALTER COLUMN a SET DEFAULT 'x'\n\nCOMMENT ON COLUMN s.t.a IS 'c'\n\n\
             ALTER TABLE s.t RENAME a TO \"B\"",
        ),
        (alter("t", |change| change.existing_kind = Some(INTEGER)), ""),
        (alter("a.b/t", |change| change.nullable = Some(true)), "ALTER TABLE a.b.t ALTER COLUMN a DROP NOT NULL"),
        (alter("t", |change| change.comment = Some(None)), "COMMENT ON COLUMN t.a IS NULL"),
        (to(INTEGER, ""), "ALTER TABLE t ALTER COLUMN a TYPE INTEGER"),
        (alter("t", |change| change.using = Some("a".to_owned())), "!! needs `type_`"),
        (
            alter("s/t", |change| {
                (change.existing_kind, change.kind) = (Some(checked("old", &["x"])), Some(checked("neu", &["x"])));
            }),
            "ALTER TABLE s.t DROP CONSTRAINT \"old\"\n\nALTER TABLE s.t ALTER COLUMN a TYPE VARCHAR(1)\n\n\
             ALTER TABLE s.t ADD CONSTRAINT neu CHECK (a IN ('x'))",
        ),
        (
            alter("s/t", |change| {
                change.kind = Some(Type::Enum(Box::new(EnumType { inherit_schema: true, ..enumeration("e", &["x"]) })));
            }),
            "ALTER TABLE s.t ALTER COLUMN a TYPE e",
        ),
        (default(None, None), "ALTER TABLE t ALTER COLUMN a DROP DEFAULT"),
        (
            default(Some(AlterDefault::Value(Default::Expr(Box::new(Expr::True)))), None),
            "ALTER TABLE t ALTER COLUMN a SET DEFAULT true",
        ),
        (
            default(Some(AlterDefault::Identity(identity(true))), None),
            "ALTER TABLE t ALTER COLUMN a ADD GENERATED ALWAYS AS IDENTITY",
        ),
        (default(None, Some(identity(false))), "ALTER TABLE t ALTER COLUMN a DROP IDENTITY"),
        (
            default(Some(AlterDefault::Identity(start)), Some(identity(false))),
            "ALTER TABLE t ALTER COLUMN a SET GENERATED ALWAYS SET CACHE 2 SET CYCLE SET START WITH 3",
        ),
        (default(literal("x"), Some(identity(true))), "!! identity column"),
        (default(Some(AlterDefault::Value(Default::Fetched)), None), "!! FetchedValue"),
        (default(Some(AlterDefault::Computed), None), "!! Computed"),
    ]);
}

#[test]
fn enums() {
    let of = |given: EnumType| create("q/t", vec![column("e", Type::Enum(Box::new(given)))], vec![]);
    let plain = || enumeration("e_t", &["a", "b'c"]);
    let made = "CREATE TYPE e_t AS ENUM ('a', 'b''c')\n\nCREATE TABLE q.t (\n    e e_t\n)";
    let bare = "CREATE TABLE q.t (\n    e e_t\n)";
    check(vec![
        (of(plain()), made),
        (of(EnumType { create_type: false, ..plain() }), bare),
        (of(EnumType { has_metadata: true, ..plain() }), made),
        (
            of(EnumType { inherit_schema: true, ..plain() }),
            "CREATE TYPE q.e_t AS ENUM ('a', 'b''c')\n\nCREATE TABLE q.t (\n    e q.e_t\n)",
        ),
        (
            of(EnumType { schema: Some(name("s")), ..plain() }),
            "CREATE TYPE s.e_t AS ENUM ('a', 'b''c')\n\nCREATE TABLE q.t (\n    e s.e_t\n)",
        ),
        (of(enumeration("", &["a"])), "!! requires a name"),
        (Op::CreateEnum(Box::new(plain())), "CREATE TYPE e_t AS ENUM ('a', 'b''c')"),
        (Op::DropEnum(Box::new(plain())), "DROP TYPE e_t"),
        (create("t", vec![column("e", array(checked("e", &["x"]), 1))], vec![]), "!! ARRAY of a non-native ENUM"),
        (
            create(
                "t",
                vec![column(
                    "e",
                    Type::Domain {
                        name: name("d"),
                        schema: None,
                        definition: Some(Box::new(limbeck::op::Domain {
                            kind: Type::Integer { bytes: 4 },
                            collation: None,
                            default: None,
                            constraint: None,
                            not_null: true,
                            check: Some(Expr::Verbatim("VALUE > 0".to_owned())),
                        })),
                    },
                )],
                vec![],
            ),
            "CREATE DOMAIN d AS INTEGER NOT NULL CHECK (VALUE > 0)\n\nCREATE TABLE t (\n    e d\n)",
        ),
    ]);
    check_with(
        &old(),
        vec![
            (of(EnumType { create_type: false, ..plain() }), made),
            (of(EnumType { create_type: false, is_postgresql: true, ..plain() }), bare),
            (of(EnumType { has_metadata: true, ..plain() }), bare),
        ],
    );
}

#[test]
fn a_type_is_created_once_in_a_run() {
    let mut memo = Memo::default();
    let mut run = |op: Op| framed(&render(&op, &Dialect::default(), &mut memo).unwrap());
    let kind = || Type::Enum(Box::new(enumeration("e_t", &["a"])));
    let both = run(create("t", vec![column("e", kind()), column("f", array(kind(), 1))], vec![]));
    assert_eq!(both, "CREATE TYPE e_t AS ENUM ('a')\n\nCREATE TABLE t (\n    e e_t, \n    f e_t[]\n)");
    assert_eq!(run(Op::DropEnum(Box::new(enumeration("e_t", &["a"])))), "DROP TYPE e_t");
    assert_eq!(run(create("u", vec![column("e", kind())], vec![])), "CREATE TABLE u (\n    e e_t\n)");
    let elsewhere = Type::Enum(Box::new(EnumType { schema: Some(name("s")), ..enumeration("e_t", &["a"]) }));
    let other = run(create("v", vec![column("e", elsewhere)], vec![]));
    assert_eq!(other, "CREATE TYPE s.e_t AS ENUM ('a')\n\nCREATE TABLE v (\n    e s.e_t\n)");
}
