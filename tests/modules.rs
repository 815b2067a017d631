//! What a revision takes from its project: modules that are read as far as they are needed, and files beside it.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

use limbeck::{
    op::Op,
    python::{self, Modules, Settings, Trees},
    render::{Dialect, Memo, render},
    source::{SourceId, Sources},
};
use std::collections::BTreeMap;

struct Files(BTreeMap<String, SourceId>);

impl Modules for Files {
    fn module(&self, dotted: &str, _: &str) -> Option<SourceId> {
        let path = dotted.replace('.', "/");
        self.file(&format!("{path}/__init__.py")).or_else(|| self.file(&format!("{path}.py")))
    }

    fn file(&self, path: &str) -> Option<SourceId> {
        self.0.get(path).copied()
    }
}

/// The project around a revision.
struct Project {
    sources: Sources,
    modules: Files,
    trees: Trees,
}

fn project(files: &[(&str, &str)]) -> Project {
    let sources = Sources::default();
    let ids = files.iter().map(|(path, text)| ((*path).to_owned(), sources.add(*path, *text)));
    let modules = Files(ids.collect());
    Project { sources, modules, trees: Trees::default() }
}

/// What `upgrade()` sends, with other files of the project around; `?reason` for what is unresolved.
fn sent(files: &[(&str, &str)], before: &str, body: &str) -> Vec<String> {
    sent_in(&project(files), before, body)
}

/// As [`sent`], in a project that other revisions are read in.
fn sent_in(project: &Project, before: &str, body: &str) -> Vec<String> {
    let Project { sources, modules, trees } = project;
    let body = body.replace('\n', "\n    ");
    let text = format!(
        "import sqlalchemy as sa\nfrom alembic import op\n{before}\nrevision = 'a'\ndown_revision = None\n\
         def upgrade():\n    {body}\n"
    );
    let id = sources.add("db/versions/a.py", text);
    let (assume, types) = (BTreeMap::new(), BTreeMap::new());
    let settings = Settings { assume: &assume, types: &types, modules, trees };
    let read = python::read(sources, id, &settings);
    let listening = python::Listening::new(sources, &settings, &read.listeners);
    let dialect = Dialect { listeners: Some(&listening), ..Dialect::default() };
    let mut lines = Vec::new();
    for step in &read.revision.unwrap().upgrade.steps {
        match (&step.op, render(&step.op, &dialect, &mut Memo::default())) {
            (Op::Unresolved { reason }, _) => lines.push(format!("?{reason}")),
            (_, Ok(texts)) => {
                lines.extend(texts.iter().map(|it| it.as_str().split_whitespace().collect::<Vec<_>>().join(" ")));
            }
            (op, Err(why)) => lines.push(format!("!{} of {op:?}", why.reason)),
        }
    }
    lines
}

const HELP: &str = "
import settings
from alembic import op
from contextlib import contextmanager
from functools import cache
NAMES = ['a']
NAMES.append('b')
settings.connect()[0].go()
LOUD = [name.upper() for name in NAMES]

@cache
def first():
    return LOUD[0]

@contextmanager
def around(what):
    op.execute(f'SET {what} = 1')
    try:
        yield what
    except ValueError:
        op.execute('ROLLBACK TO x')
    op.execute(f'RESET {what}')

def __getattr__(name):
    if name == 'LATE':
        return globals()['NAMES'][-1]
    raise AttributeError(name)
";

#[test]
fn a_module_is_read_as_far_as_it_is_needed() {
    let files = [("proj/__init__.py", ""), ("proj/help.py", HELP)];
    let cases: &[(&str, &str, &[&str])] = &[
        ("from proj.help import first", "op.drop_table(first())", &["DROP TABLE \"A\""]),
        ("from proj.help import LATE", "op.drop_table(LATE)", &["DROP TABLE b"]),
        ("import proj.help", "op.drop_table(proj.help.NAMES[1])", &["DROP TABLE b"]),
        (
            "from proj.help import around",
            "with around('x') as it:\n    op.drop_table(it)",
            &["SET x = 1", "DROP TABLE x", "RESET x"],
        ),
        (
            "from proj.help import around",
            "with around('x'):\n    raise ValueError\nop.drop_table('y')",
            &["SET x = 1", "ROLLBACK TO x", "RESET x", "DROP TABLE y"],
        ),
        (
            "from proj.help import around",
            "def go():\n    with around('x'):\n        return 'y'\nop.drop_table(go())",
            &["SET x = 1", "RESET x", "DROP TABLE y"],
        ),
    ];
    for (before, body, expected) in cases {
        assert_eq!(sent(&files, before, body), *expected, "{before}\n{body}");
    }
}

#[test]
fn types_of_the_project_hand_up_what_they_are_given() {
    let types = "
import sqlalchemy as sa
from datetime import datetime
class Stamp(sa.TIMESTAMP):
    def __init__(self, *args, timezone=True, **kwargs):
        super().__init__(*args, timezone=timezone, **kwargs)
class Word(sa.types.TypeDecorator[str]):
    impl = sa.String
    def __init__(self, size):
        super().__init__(length=size)
    def load_dialect_impl(self, dialect):
        if dialect.name == 'mysql':
            return dialect.type_descriptor(sa.Text())
        return super().load_dialect_impl(dialect)
";
    let column = |kind: &str| {
        sent(&[("kinds.py", types)], "import kinds", &format!("op.add_column('t', sa.Column('c', {kind}))"))
    };
    assert_eq!(column("kinds.Stamp()"), ["ALTER TABLE t ADD COLUMN c TIMESTAMP WITH TIME ZONE"]);
    assert_eq!(column("kinds.Stamp(timezone=False)"), ["ALTER TABLE t ADD COLUMN c TIMESTAMP WITHOUT TIME ZONE"]);
    assert_eq!(column("kinds.Word(7)"), ["ALTER TABLE t ADD COLUMN c VARCHAR(7)"]);
}

#[test]
fn files_beside_a_revision_are_read_and_no_others() {
    let files = [("db/versions/a.sql", "CREATE VIEW v AS\nSELECT 1;"), ("db/sql/b.sql", "SELECT 2")];
    let cases: &[(&str, &str, &[&str])] = &[
        (
            "import os",
            "with open(os.path.join(os.path.dirname(__file__), 'a.sql')) as f:\n    op.execute(f.read())",
            &["CREATE VIEW v AS SELECT 1;"],
        ),
        (
            "from pathlib import Path",
            "op.execute((Path(__file__).resolve().parent.parent / 'sql' / 'b.sql').read_text())",
            &["SELECT 2"],
        ),
        (
            "from pathlib import Path",
            "f = open(Path(__file__).with_name('a.sql'))\nfor line in f:\n    print(line)\nop.execute(f.read() or 'SELECT 3')",
            &["SELECT 3"],
        ),
        (
            "from pathlib import Path",
            "op.execute(Path('/etc/passwd').read_text())",
            &["?the SQL is not known: `etc/passwd` is not in the checkout"],
        ),
        (
            "from pathlib import Path",
            "op.execute((Path(__file__).parents[1] / '../../x.sql').read_text())",
            &["?the SQL is not known: `/db/../../x.sql` does not lead into the checkout"],
        ),
    ];
    for (before, body, expected) in cases {
        assert_eq!(sent(&files, before, body), *expected, "{before}\n{body}");
    }
}

/// What becomes of a table and of other constraints where a module that is imported listens; `MODULE` is its text.
fn heard(module: &str, body: &str) -> Vec<String> {
    let text = format!("import sqlalchemy as sa\nfrom sqlalchemy import event\nNAME = 't'\n{module}");
    sent(&[("models.py", &text)], "from models import NAME", body)
}

const KEY: &str = "op.create_primary_key('given', NAME, ['a'])";

#[test]
fn a_listener_names_constraints_as_sqlalchemy_calls_it() {
    let named = "
@event.listens_for(sa.PrimaryKeyConstraint, 'after_parent_attach')
def key(const, table):
    if table.name.upper() == 'OTHER':
        const.name = 'never'
    else:
        const.name = '%s_PK' % (table.name.upper(),)

@event.listens_for(sa.ForeignKeyConstraint, 'after_parent_attach')
def reference(const, table):
    if const.name:
        return
    fk = const.elements[0]
    reftable, refcol = fk.target_fullname.split('.')
    const.name = 'fk_%s_%s_%s' % (table.name, fk.parent.name, reftable)

@event.listens_for(sa.UniqueConstraint, 'after_parent_attach')
def unique(const, table):
    if const.name:
        return
    const.name = 'uq_%s_%s' % (table.name, list(const.columns)[0].name)

def check(const, table):
    if const.name is None and 'DELETED' in str(const.sqltext).upper():
        const.name = '%s_CHK' % table.name
event.listen(sa.CheckConstraint, 'after_parent_attach', check)
";
    let lines = |body: &str| heard(named, body);
    assert_eq!(lines(KEY), ["ALTER TABLE t ADD CONSTRAINT \"T_PK\" PRIMARY KEY (a)"]);
    assert_eq!(lines("op.drop_constraint('given', NAME, type_='primary')"), ["ALTER TABLE t DROP CONSTRAINT \"T_PK\""]);
    // Without a kind it is no primary key to SQLAlchemy.
    assert_eq!(lines("op.drop_constraint('given', NAME)"), ["ALTER TABLE t DROP CONSTRAINT given"]);
    assert_eq!(
        lines("op.create_foreign_key(None, NAME, 'b', ['x'], ['y'])"),
        ["ALTER TABLE t ADD CONSTRAINT fk_t_x_b FOREIGN KEY(x) REFERENCES b (y)"]
    );
    assert_eq!(
        lines("op.create_foreign_key('kept', NAME, 'b', ['x'], ['y'])"),
        ["ALTER TABLE t ADD CONSTRAINT kept FOREIGN KEY(x) REFERENCES b (y)"]
    );
    assert_eq!(
        lines("op.create_unique_constraint(None, NAME, ['x'])"),
        ["ALTER TABLE t ADD CONSTRAINT uq_t_x UNIQUE (x)"]
    );
    assert_eq!(
        lines("op.create_check_constraint(None, NAME, 'deleted IN (1)')"),
        ["ALTER TABLE t ADD CONSTRAINT \"t_CHK\" CHECK (deleted IN (1))"]
    );
    assert_eq!(
        lines("op.create_table(NAME, sa.Column('a', sa.Integer()), sa.PrimaryKeyConstraint('a'))"),
        ["CREATE TABLE t ( a SERIAL NOT NULL, CONSTRAINT \"T_PK\" PRIMARY KEY (a) )"]
    );
    // The name of the key that SQLAlchemy makes up from the flags is taken away again.
    assert_eq!(
        lines("op.create_table(NAME, sa.Column('a', sa.Integer(), primary_key=True))"),
        ["CREATE TABLE t ( a SERIAL NOT NULL, PRIMARY KEY (a) )"]
    );
    // A check that is given to a column is put on that: the listener is handed the column.
    assert_eq!(
        lines("op.create_table(NAME, sa.Column('a', sa.Integer(), sa.CheckConstraint('deleted > 1')))"),
        ["CREATE TABLE t ( a INTEGER CONSTRAINT \"a_CHK\" CHECK (deleted > 1) )"]
    );
    let refused = lines("op.create_foreign_key(None, NAME, 'b', ['x'], ['y'], referent_schema='s')");
    assert!(refused[0].contains("the name is not known"), "{refused:?}");
}

#[test]
fn a_listener_that_cannot_be_evaluated_leaves_names_open() {
    for body in [
        "const.name = unknown(table)",
        "const.name = const.name + '_x'",
        "const.info['a'] = 1\n    const.name = const.extra",
        "const.deferrable = True",
        "const.columns = ()",
        "table.name = 'other'",
        "if table.kwargs:\n        const.name = 'x'",
        "raise ValueError('no')",
    ] {
        let module = format!(
            "@event.listens_for(sa.PrimaryKeyConstraint, 'after_parent_attach')\ndef key(const, table):\n    {body}\n"
        );
        let lines = heard(&module, KEY);
        assert!(lines[0].starts_with("!the name is not known"), "{body}: {lines:?}");
        // Others than keys are not heard.
        assert_eq!(heard(&module, "op.create_unique_constraint('u', NAME, ['x'])").len(), 1);
        assert!(heard(&module, "op.create_unique_constraint('u', NAME, ['x'])")[0].starts_with("ALTER"));
    }
    for module in [
        "sa.event.listen(sa.PrimaryKeyConstraint, 'after_parent_attach', print)",
        "if True:\n    event.listen(sa.Constraint, 'after_parent_attach', print)",
        "@other\n@event.listens_for(sa.PrimaryKeyConstraint, 'after_parent_attach')\ndef key(const, table):\n    pass",
        "@event.listens_for(sa.PrimaryKeyConstraint, 'after_parent_attach', insert=True)\ndef key(const, table):\n    pass",
    ] {
        let lines = heard(module, KEY);
        assert!(lines[0].starts_with("!the name is not known"), "{module}: {lines:?}");
    }
    // Of another event.
    let other =
        "@event.listens_for(sa.PrimaryKeyConstraint, 'somewhere')\ndef key(const, table):\n    const.name = 'x'";
    assert_eq!(heard(other, KEY), ["ALTER TABLE t ADD CONSTRAINT given PRIMARY KEY (a)"]);
}

#[test]
fn a_listener_to_tables_is_harmless_or_told() {
    let module = |body: &str| {
        format!(
            "@event.listens_for(sa.Table, 'before_create')\ndef made(target, connection, **kw):\n    {body}\n\
             event.listen(sa.Table, 'after_drop', sa.DDL('SELECT 1'))\n"
        )
    };
    let table = "op.create_table(NAME, sa.Column('a', sa.Integer()))";
    for (body, known) in [
        ("if connection.dialect.name == 'mysql':\n        target.columns.a.type = sa.Text()", true),
        ("if target.name == 'other':\n        connection.execute(sa.text('SELECT 1'))", true),
        ("if target.name == 't':\n        connection.execute(sa.text('SELECT 1'))", false),
        ("target.comment = 'x'", false),
        ("target.columns.a.type = sa.Text()", false),
        ("target.append_constraint(sa.CheckConstraint('a > 1'))", false),
    ] {
        let lines = heard(&module(body), table);
        assert_eq!(lines[0].starts_with("CREATE TABLE"), known, "{body}: {lines:?}");
    }
    assert!(heard(&module("pass"), "op.drop_table('t')\nNAME")[0].starts_with("!a listener"));
}

/// What one revision does to a module is nothing to another.
#[test]
fn revisions_share_what_was_parsed_and_nothing_else() {
    let files = [
        (
            "names.py",
            "NAMES = ['a']\nclass Box:\n    word = 'a'\ndef all_of():\n    return ', '.join(NAMES + [Box.word])\n",
        ),
        ("more.py", "from names import all_of\nWORDS = [all_of()]\nWORDS.append('b')\n"),
    ];
    let bodies = [
        ("from names import NAMES, all_of", "NAMES.append('c')\nop.execute(all_of())", "a, c, a"),
        ("from names import Box, all_of", "Box.word = 'd'\nop.execute(all_of())", "a, d"),
        ("from more import WORDS", "WORDS.append('c')\nop.execute(', '.join(WORDS))", "a, a, b, c"),
        ("from names import all_of", "op.execute(all_of())", "a, a"),
    ];
    let project = project(&files);
    std::thread::scope(|scope| {
        for turn in 0..4 {
            let (project, bodies) = (&project, &bodies);
            scope.spawn(move || {
                for (before, body, expected) in bodies.iter().cycle().skip(turn).take(bodies.len()) {
                    assert_eq!(sent_in(project, before, body), [*expected], "{body}");
                }
            });
        }
    });
}

#[test]
fn a_name_is_followed_through_every_module_that_hands_it_on() {
    let files = [
        ("proj/__init__.py", ""),
        ("proj/deep.py", "TABLE = 'orders'\n"),
        ("proj/models/b.py", "from ..deep import TABLE\n"),
        ("proj/models/a.py", "from .b import TABLE\n__all__ = ['TABLE']\n"),
        ("proj/models/c.py", "import proj.models.d as d\nother = d.NAME + 's'\n"),
        ("proj/models/d.py", "NAME = 'user'\n"),
        ("proj/models/__init__.py", "from .a import *\nfrom .c import other as handed\n"),
    ];
    let before = "from proj.models import TABLE, handed\nimport proj.models as m\n";
    let body = "op.execute(f'SELECT 1 FROM {TABLE}, {handed}, {m.TABLE}, {m.handed}')";
    assert_eq!(sent(&files, before, body), ["SELECT 1 FROM orders, users, orders, users"]);
    // Round in a circle is not for ever.
    let files = [("proj/__init__.py", ""), ("proj/a.py", "from .b import X\n"), ("proj/b.py", "from .a import X\n")];
    let told = sent(&files, "from proj.a import X\n", "op.execute(X)");
    assert!(told.len() == 1 && told[0].starts_with('?'), "{told:?}");
}
