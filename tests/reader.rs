//! The reader: what Python it understands, what it says of the rest, and that its limits hold.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

use limbeck::{
    op::Op,
    python::{self, NoModules, Read, Settings, Trees},
    render::{self, Dialect, Memo},
    revision::Body,
    source::Sources,
};
use proptest::prelude::*;
use std::{collections::BTreeMap, time::Instant};

const HEAD: &str = "\"\"\"first\n\nRevision ID: a\nRevises: b, c\nCreate Date: 2024-01-02 03:04:05\n\"\"\"\n\
import sqlalchemy as sa\nfrom alembic import op, context\nfrom sqlalchemy.dialects import postgresql\n\
revision = 'a'\ndown_revision = ('b', 'c')\n";

fn read_text(text: &str) -> (Sources, Read) {
    let sources = Sources::default();
    let id = sources.add("versions/a.py", text);
    let (assume, types) = (BTreeMap::new(), BTreeMap::new());
    let settings = Settings { assume: &assume, types: &types, modules: &NoModules, trees: &Trees::default() };
    let read = python::read(&sources, id, &settings);
    (sources, read)
}

/// The lines of `upgrade()`: its SQL in one line each, `?reason` for what is unresolved, `[guard]` before.
fn told(sources: &Sources, body: &Body) -> Vec<String> {
    let dialect = Dialect { sqlalchemy: (2, 1), ..Dialect::default() };
    let mut memo = Memo::default();
    let mut lines = Vec::new();
    for step in &body.steps {
        let guards: Vec<String> = step.when.iter().map(|guard| format!("[{}] ", guard.text)).collect();
        let guards = guards.concat();
        let autocommit = if step.autocommit { "! " } else { "" };
        match (&step.op, render::render(&step.op, &dialect, &mut memo)) {
            (Op::Unresolved { reason }, _) => {
                lines.push(format!("{guards}?{}: {reason}", sources.place(step.span).line));
            }
            (Op::Raise { what }, _) => lines.push(format!("{guards}raise {what}")),
            (_, Ok(texts)) => lines.extend(texts.iter().map(|text| {
                let words: Vec<&str> = text.as_str().split_whitespace().collect();
                format!("{guards}{autocommit}{}", words.join(" "))
            })),
            (_, Err(refused)) => lines.push(format!("{guards}!{}", refused.reason)),
        }
    }
    lines
}

/// What a function body (and what stands before `upgrade`) comes to.
fn lines(before: &str, body: &str) -> Vec<String> {
    let body = format!("    {}", body.replace('\n', "\n    "));
    let (sources, read) = read_text(&format!("{HEAD}{before}\ndef upgrade():\n{body}\n"));
    assert_eq!(read.findings, [], "{:?}", read.findings);
    told(&sources, &read.revision.unwrap().upgrade)
}

#[test]
fn the_header_is_read_with_its_places() {
    let (sources, read) = read_text(&format!("{HEAD}branch_labels: list[str] = ['x']\ndepends_on = None\n"));
    let revision = read.revision.unwrap();
    assert_eq!(revision.id.id, "a");
    let parents: Vec<&str> = revision.parents.iter().map(|it| it.id.as_str()).collect();
    assert_eq!(parents, ["b", "c"]);
    assert_eq!(sources.snippet(revision.parents[1].span), "c");
    assert_eq!(revision.labels[0].id, "x");
    assert!(revision.depends_on.is_empty());
    let revises: Vec<String> = revision.docstring.revises.unwrap().into_iter().map(|it| it.id).collect();
    assert_eq!(revises, ["b", "c"]);
    assert_eq!(revision.docstring.message.as_deref(), Some("first"));
    assert_eq!(sources.snippet(revision.docstring.create_date.unwrap().span), "2024-01-02 03:04:05");
    assert!(!revision.upgrade.defined);
}

#[test]
fn python_is_evaluated() {
    let cases: &[(&str, &str, &[&str])] = &[
        ("T = 'users'", "op.drop_table(T)", &["DROP TABLE users"]),
        ("", "op.execute(f'DROP TABLE {\"a\"}_{1 + 1}')", &["DROP TABLE a_2"]),
        ("", "op.execute('DROP TABLE {} {x}'.format('a', x='CASCADE'))", &["DROP TABLE a CASCADE"]),
        ("", "op.execute('DROP TABLE %s_%d' % ('a', 3))", &["DROP TABLE a_3"]),
        ("", "op.execute('DROP ' + 'TABLE ' 'a')", &["DROP TABLE a"]),
        ("", "op.execute(' '.join(['DROP', 'TABLE', 'a']))", &["DROP TABLE a"]),
        ("", "for t in ['a', 'b']:\n    op.drop_table(t)", &["DROP TABLE a", "DROP TABLE b"]),
        (
            "",
            "for i, (a, b) in enumerate(zip('ab', 'cd')):\n    op.drop_column(a, f'{b}{i}')",
            &["ALTER TABLE a DROP COLUMN c0", "ALTER TABLE b DROP COLUMN d1"],
        ),
        (
            "def drop(t, *, schema=None):\n    op.drop_table(t, schema=schema)\n",
            "drop('a')\ndrop('b', schema='s')",
            &["DROP TABLE a", "DROP TABLE s.b"],
        ),
        (
            "def drop(*names, **kw):\n    [op.drop_table(n, **kw) for n in names]\n",
            "drop('a', 'b', schema='s')",
            &["DROP TABLE s.a", "DROP TABLE s.b"],
        ),
        (
            "import enum\nclass E(str, enum.Enum):\n    A = 'a'\n    B = 'b'\n",
            "op.execute(','.join(e.value for e in E))",
            &["a,b"],
        ),
        (
            "",
            "if op.get_bind().dialect.name == 'sqlite':\n    op.drop_table('a')\nelse:\n    op.drop_table('b')",
            &["DROP TABLE b"],
        ),
        ("", "if context.is_offline_mode():\n    op.drop_table('a')", &[]),
        ("", "x = {'a': 1}\nif 'a' in x and not x.get('b'):\n    op.drop_table('a')", &["DROP TABLE a"]),
        (
            "",
            "try:\n    raise KeyError('x')\nexcept KeyError:\n    op.drop_table('a')\nfinally:\n    op.drop_table('b')",
            &["DROP TABLE a", "DROP TABLE b"],
        ),
        ("", "n = 0\nwhile n < 2:\n    n += 1\n    op.drop_table(f't{n}')", &["DROP TABLE t1", "DROP TABLE t2"]),
        (
            "",
            "with op.batch_alter_table('t') as b:\n    b.drop_column('a')\n    b.execute('SELECT 1')",
            &["SELECT 1", "ALTER TABLE t DROP COLUMN a"],
        ),
        (
            "",
            "with op.get_context().autocommit_block():\n    op.create_index('i', 't', ['a'], postgresql_concurrently=True)",
            &["! CREATE INDEX CONCURRENTLY i ON t (a)"],
        ),
        ("", "[op.drop_table(t) for t in [op.execute('SELECT 1') or 'a']]", &["SELECT 1", "DROP TABLE a"]),
        (
            "def add(x, all=[]):\n    all.append(x)\n    return all\n",
            "add('a')\n[op.drop_table(t) for t in add('b')]",
            &["DROP TABLE a", "DROP TABLE b"],
        ),
        (
            "t = sa.table('t', sa.column('a', sa.Integer), sa.column('b', sa.String))\n",
            "op.execute(t.insert().values(b='x', a=1))\nop.bulk_insert(t, [{'b': 'y', 'a': 2}])",
            &["INSERT INTO t (a, b) VALUES (1, 'x')", "INSERT INTO t (a, b) VALUES (2, 'y')"],
        ),
        ("", "raise NotImplementedError('no way')", &["raise NotImplementedError: no way"]),
    ];
    for (before, body, expected) in cases {
        assert_eq!(lines(before, body), *expected, "{before}\n{body}");
    }
}

#[test]
fn what_only_a_run_can_tell_is_said() {
    let cases: &[(&str, &str, &[&str])] = &[
        (
            "",
            "if op.get_bind().execute(sa.text('SELECT 1')).scalar():\n    op.drop_table('a')\nop.drop_table('b')",
            &["SELECT 1", "[op.get_bind().execute(sa.text('SELECT 1')).scalar()] DROP TABLE a", "DROP TABLE b"],
        ),
        (
            "",
            "if sa.inspect(op.get_bind()).has_table('a'):\n    return\nop.drop_table('b')",
            &["[not (sa.inspect(op.get_bind()).has_table('a'))] DROP TABLE b"],
        ),
        ("import app", "app.migrate(op)", &["?14: `app.migrate()` is not in the checkout"]),
        (
            "",
            "op.drop_table(missing)",
            &["?14: `op.drop_table`: the table's name is not known: `missing` is not defined in the file"],
        ),
        (
            "import os",
            "op.execute(os.environ['SQL'])",
            &[
                "?14: the SQL is not known: `os.environ['SQL']` is a setting, which `--assume 'os.environ[\"SQL\"]=…'` can give",
            ],
        ),
        ("", "op.execute(\"SELECT ':a'\")", &["!no value is given for `:a`"]),
        (
            "",
            "try:\n    op.drop_table(int(missing))\nexcept ValueError:\n    op.drop_table('b')",
            &[
                "?15: `op.drop_table`: the table's name is not known: `missing` is not defined in the file",
                "?16: whether the exception is raised is not known",
            ],
        ),
        (
            "class A:\n    def go(self):\n        op.drop_table('a')\nclass B(A):\n    def go(self):\n        super().go()\n",
            "B().go()",
            &["DROP TABLE a"],
        ),
        (
            "def twice(f):\n    return f\n",
            "names = ['a']\nfor n in names:\n    op.drop_table(n)\n    names.append('b')",
            &["DROP TABLE a", "?17: the list changes while the loop goes through it"],
        ),
        (
            "",
            "names = []\nnames.append(names)\nop.execute(str(names))",
            &["?16: the SQL is not known: `str()` of a list is not evaluated"],
        ),
        ("", "op.made_up('a')", &["?14: `op.made_up`: it is not an operation of Alembic's own"]),
    ];
    for (before, body, expected) in cases {
        assert_eq!(lines(before, body), *expected, "{before}\n{body}");
    }
}

/// A list that is filled under a condition nobody can decide is not taken for what it was, or for what it may be.
#[test]
fn what_a_branch_changes_is_not_known_after_it() {
    let told = lines(
        "",
        "names = []\nif op.get_bind().scalar('SELECT 1'):\n    names.append('a')\nfor n in names:\n    op.drop_table(n)",
    );
    assert!(told.iter().any(|line| line.contains('?')), "{told:?}");
    assert!(!told.iter().any(|line| line.contains("DROP TABLE a")), "{told:?}");
}

#[test]
fn the_limits_hold() {
    let started = Instant::now();
    for body in [
        "for i in range(10**9):\n    pass",
        "while True:\n    pass",
        "op.execute('a' * 10**10)",
        "x = 'a' * 1000\nfor i in range(100):\n    x = x + x\nop.execute(x)",
        "def f():\n    f()\nf()",
        "x = [0] * 10**12",
        "[op.drop_table('a') for i in range(10**9)]",
    ] {
        let told = lines("", body);
        assert!(told.iter().any(|line| line.starts_with('?')), "{body}: {}", told.len());
    }
    assert!(started.elapsed().as_secs() < 60);
}

/// Each turn of the recursion would double the time, were the other branches gone through as well.
#[test]
fn a_limit_in_one_branch_ends_the_others() {
    let told = lines(
        "def f():\n    if op.get_bind().scalar('SELECT 1'):\n        f()\n    else:\n        op.execute('SELECT 2')",
        "op.execute('SELECT 0')\nf()\nop.execute('SELECT 3')",
    );
    let other = told.iter().filter(|line| line.ends_with("SELECT 2") || line.ends_with("SELECT 3")).count();
    assert_eq!(other, 0, "{} steps", told.len());
    assert!(told.last().unwrap().contains("calls go more than"));
}

#[test]
fn deep_nesting_is_refused_with_a_place() {
    let (sources, read) = read_text(&format!("{HEAD}x = {}1{}\n", "(".repeat(10_000), ")".repeat(10_000)));
    let [finding] = read.findings.as_slice() else { panic!("{:?}", read.findings) };
    assert_eq!(finding.rule, "python-syntax");
    assert_eq!(sources.place(finding.span).line, 12);
    let (_, read) = read_text(&format!("{HEAD}x = {}1\n", "1 + ".repeat(1_000_000)));
    assert_eq!(read.findings.len(), 1);
    // Deep, but within the limits: understood or not, it comes to an end.
    let (_, read) = read_text(&format!("{HEAD}x = {}1\n", "1 + ".repeat(2_900)));
    assert!(read.findings.is_empty() && read.revision.is_some());
    let (_, read) = read_text(&format!("{HEAD}x = {}1{}\n", "[".repeat(190), "]".repeat(190)));
    assert!(read.findings.is_empty() && read.revision.is_some());
}

#[test]
fn a_broken_file_has_one_finding_and_keeps_its_place_in_the_graph() {
    let (sources, read) =
        read_text(&format!("{HEAD}def upgrade():\n    op.drop_table('a'\n\ndef downgrade():\n    pass\n"));
    let [finding] = read.findings.as_slice() else { panic!("{:?}", read.findings) };
    assert_eq!(finding.rule, "python-syntax");
    assert!(sources.place(finding.span).line >= 13);
    assert_eq!(read.revision.unwrap().id.id, "a");
    for (text, findings) in [("", 0), ("\u{feff}", 0), ("x", 0), ("revision = 5\n", 1), ("revision = ''\n", 1)] {
        let (_, read) = read_text(text);
        assert!(read.revision.is_none());
        assert_eq!(read.findings.len(), findings, "{text:?}");
        assert!(read.findings.iter().all(|finding| finding.rule == "missing-revision-id"));
    }
}

/// A byte of the SQL is traced to the Python that wrote it, through escapes, f-strings and concatenation.
#[test]
fn sql_knows_where_it_was_written() {
    let (sources, read) = read_text(&format!(
        "{HEAD}T = 'users'\ndef upgrade():\n    op.execute('DROP\\tTABLE \\'é' + f' {{T}} ' 'x')\n"
    ));
    let revision = read.revision.unwrap();
    let Op::Execute(clause) = &revision.upgrade.steps[0].op else { panic!() };
    let text = &clause.text;
    assert_eq!(text.as_str(), "DROP\tTABLE 'é users x");
    for word in ["DROP", "TABLE", "é", "users", "x"] {
        let at = text.as_str().find(word).unwrap();
        let span = text.place(at, at + word.len()).unwrap();
        assert_eq!(sources.snippet(span), word);
    }
}

/// Settings that decide what a revision does are told by `[assume]`, types that the text does not tell by `[types]`.
#[test]
fn what_the_user_tells_is_taken() {
    let sources = Sources::default();
    let text = format!(
        "{HEAD}from app import settings\nfrom app.types import Money\n\ndef upgrade():\n    if settings.CITEXT:\n        \
         op.execute('CREATE EXTENSION citext')\n    op.add_column('t', sa.Column('a', Money(), nullable=True))\n    \
         op.add_column('t', sa.Column('b', Money))\n"
    );
    let id = sources.add("versions/a.py", text);
    let assume = BTreeMap::from([("app.settings.CITEXT".to_owned(), limbeck::op::Literal::Bool(false))]);
    let types = BTreeMap::from([("app.types.Money".to_owned(), "NUMERIC(12, 2)".to_owned())]);
    let told_with = |assume, types| {
        let read =
            python::read(&sources, id, &Settings { assume, types, modules: &NoModules, trees: &Trees::default() });
        told(&sources, &read.revision.unwrap().upgrade)
    };
    assert_eq!(
        told_with(&assume, &types),
        ["ALTER TABLE t ADD COLUMN a NUMERIC(12, 2)", "ALTER TABLE t ADD COLUMN b NUMERIC(12, 2)"]
    );
    let untold = told_with(&BTreeMap::new(), &BTreeMap::new());
    assert_eq!(untold.len(), 3, "{untold:?}");
    assert!(untold[0].starts_with("[settings.CITEXT] CREATE EXTENSION"), "{untold:?}");
    assert!(untold[1].contains("`app.types.Money") && untold[2].contains("`app.types.Money"), "{untold:?}");
}

/// Pieces of revisions, in any order: much of it is no Python, and some of it is nearly some.
const PIECES: &[&str] = &[
    "op.execute(",
    "f\"{x}\"",
    "'''",
    "\"",
    ")",
    "(",
    "[",
    "]",
    "{",
    "}",
    ":",
    "\n",
    "\n    ",
    "if x:",
    "else:",
    "for i in",
    "range(9)",
    "while True:",
    "def upgrade():",
    "def downgrade():",
    "class A(Enum):",
    "return",
    "yield",
    "lambda:",
    "*a",
    "**k",
    "=",
    "==",
    "+",
    "%",
    ".",
    ",",
    "sa.Column(",
    "sa.Enum(",
    "'a'",
    "b''",
    "1",
    "-1",
    "None",
    "revision",
    "x",
    "op.batch_alter_table('t')",
    "with",
    "as b",
    "try:",
    "except:",
    "finally:",
    "raise",
    "é",
    "\\",
    "\u{0}",
    "\r\n",
    "\t",
    "[i for i in x]",
    "x[1:2]",
    "%s",
    "{}",
    ".format(",
    "sa.text(",
    "in",
    "not",
    "and",
    "or",
    "import a",
    "from . import b",
    "global x",
    "@d",
    "async",
    "await",
    "match x:",
    "case 1:",
    "...",
    "pass",
    "#",
    "op.create_table(",
    "dict(",
    "zip(",
];

proptest! {
    #[test]
    fn any_text_comes_to_an_end(pieces in proptest::collection::vec(0..PIECES.len(), 0..60), head in any::<bool>()) {
        let body: Vec<&str> = pieces.iter().map(|at| PIECES[*at]).collect();
        let text = if head { format!("{HEAD}def upgrade():\n    {}", body.join(" ")) } else { body.join(" ") };
        let (sources, read) = read_text(&text);
        for finding in &read.findings {
            let source = sources.get(finding.span.source);
            prop_assert!(source.text.get(finding.span.start as usize..finding.span.end as usize).is_some());
        }
        if let Some(revision) = &read.revision {
            for step in revision.upgrade.steps.iter().chain(&revision.downgrade.steps) {
                prop_assert!(sources.get(step.span.source).text.get(step.span.start as usize..step.span.end as usize).is_some());
            }
            let _ = told(&sources, &revision.upgrade);
        }
    }
}

#[test]
fn an_argument_that_alembic_or_sqlalchemy_refuses_sends_nothing() {
    for (call, what) in [
        ("op.drop_index('x', table_name='t', checkfirst=True)", "`checkfirst`"),
        ("op.create_index('x', 't', ['a'], postgresql_not_valid=True)", "`postgresql_not_valid`"),
        ("op.drop_table('t', cascade=True)", "`cascade`"),
        ("op.create_table('t', sa.Column('a', sa.Integer()), unique=True)", "`unique`"),
        ("op.add_column('t', sa.Column('a', sa.Integer()), unique=True)", "`unique`"),
        ("op.add_column('t', sa.Column('a', sa.Integer(), required=True))", "`required`"),
        ("op.create_foreign_key('f', 't', 'u', ['a'], ['b'], schema='s')", "`schema`"),
        ("op.create_unique_constraint('f', 't', ['a'], postgresql_where='a')", "`postgresql_where`"),
        ("op.drop_constraint('f', 't', cascade=True)", "`cascade`"),
        ("op.rename_table('t', 'u', 's')", "so many arguments without a name"),
        ("op.execute('SELECT 1', bind=1)", "`bind`"),
    ] {
        let told = lines("", call);
        assert!(told.len() == 1 && told[0].starts_with('?'), "{call}: {told:?}");
        assert!(told[0].ends_with(&format!("Alembic refuses {what}")), "{call}: {told:?}");
    }
    for (call, sql) in [
        // A dialect that SQLAlchemy cannot find is only warned of; another database's own argument does nothing here.
        ("op.create_index('x', 't', ['a'], mysql_length=3, redshift_sorted=True)", "CREATE INDEX x ON t (a)"),
        ("op.drop_column('t', 'a', cascade=True)", "ALTER TABLE t DROP COLUMN a"),
        ("op.drop_constraint('f', 't', 'unique', schema='s')", "ALTER TABLE s.t DROP CONSTRAINT f"),
        (
            "op.create_table('t', sa.Column('a', sa.Integer(), doc='a', key='a'), mysql_engine='x')",
            "CREATE TABLE t ( a INTEGER )",
        ),
    ] {
        assert_eq!(lines("", call), [sql], "{call}");
    }
    assert_eq!(lines("", "op.drop_table('group', quote=False)"), ["?14: `op.drop_table`: `quote` is not evaluated"]);
}

#[test]
fn a_project_that_changes_what_sqlalchemy_writes_is_not_guessed_at() {
    let head = "from sqlalchemy.ext.compiler import compiles\nfrom sqlalchemy.schema import DropTable\n";
    let changed = |dialect: &str| {
        format!(
            "{head}@compiles(DropTable{dialect})\ndef _c(element, compiler, **kw):\n    return 'DROP TABLE x CASCADE'\n"
        )
    };
    for dialect in ["", ", 'postgresql'"] {
        let told = lines(&changed(dialect), "op.drop_table('t')");
        assert!(told[0].ends_with("`@compiles` changes how `sqlalchemy.schema.DropTable` is written"), "{told:?}");
    }
    // For another database it changes nothing here.
    assert_eq!(lines(&changed(", 'sqlite'"), "op.drop_table('t')"), ["DROP TABLE t"]);
}
