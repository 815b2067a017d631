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
    let dialect = Dialect { renamed: read.renamed, ..Dialect::default() };
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

#[test]
fn a_listener_that_names_constraints_leaves_their_names_open() {
    let listener = |class: &str, event: &str| {
        format!(
            "from sqlalchemy import event, {class}\nNAME = 't'\n@event.listens_for({class}, '{event}')\n\
             def rename(constraint, table):\n    constraint.name = table.name.upper() + '_PK'\n"
        )
    };
    let table =
        "op.create_table(NAME, sa.Column('a', sa.Integer(), primary_key=True), sa.PrimaryKeyConstraint('a', name='p'))";
    for (class, event, known) in [
        ("PrimaryKeyConstraint", "after_parent_attach", false),
        ("ForeignKeyConstraint", "after_parent_attach", true),
        ("PrimaryKeyConstraint", "before_parent_attach_of_another_kind", true),
    ] {
        let text = listener(class, event);
        let lines = sent(&[("models.py", &text)], "from models import NAME", table);
        assert_eq!(lines.iter().all(|it| it.starts_with("CREATE TABLE")), known, "{class}, {event}: {lines:?}");
    }
    let called =
        "import sqlalchemy as sa\nNAME = 't'\nsa.event.listen(sa.PrimaryKeyConstraint, 'after_parent_attach', print)\n";
    let lines = sent(&[("models.py", called)], "from models import NAME", table);
    assert!(lines.iter().all(|it| it.contains("a listener of SQLAlchemy's events")), "{lines:?}");
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
