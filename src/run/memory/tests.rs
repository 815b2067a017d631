//! What is read and rendered again after an edit, counted; and that what is kept answers as a first check would.

use super::Memory;
use crate::{
    cli::Place,
    output::{Format, Look, Output, Paths},
    run::{World, project::Project},
};
use std::{
    collections::BTreeMap,
    fs, io,
    path::{Path, PathBuf},
    sync::Arc,
};
use tempfile::TempDir;

struct Checkout {
    folder: TempDir,
    unsaved: BTreeMap<PathBuf, String>,
}

const ENV: &str = "from alembic import context\nfrom sqlalchemy import MetaData\n\n\
    target_metadata = MetaData()\ncontext.configure(target_metadata=target_metadata)\n";
const NAMED: &str = "from alembic import context\nfrom sqlalchemy import MetaData\n\n\
    target_metadata = MetaData(naming_convention={\"ix\": \"i_%(column_0_name)s\"})\n\
    context.configure(target_metadata=target_metadata)\n";

/// A revision with a table, and a column and an index on that of its parent; the third asks a module of the project.
fn revision(n: usize, column: &str) -> String {
    let parent = if n == 0 { "None".to_owned() } else { format!("\"r{}\"", n - 1) };
    let import = if n == 2 { "from shared import NAME\n" } else { "" };
    let length = if n == 2 { "sa.String(len(NAME))" } else { "sa.Text()" };
    let more = if n == 0 {
        String::new()
    } else {
        let table = n - 1;
        format!(
            "    op.add_column(\"t{table}\", sa.Column(\"{column}\", {length}))\n    \
             op.create_index(op.f(\"ix_t{table}\"), \"t{table}\", [\"{column}\"])\n"
        )
    };
    format!(
        "from alembic import op\nimport sqlalchemy as sa\n{import}\nrevision = \"r{n}\"\ndown_revision = {parent}\n\n\n\
         def upgrade():\n    op.create_table(\"t{n}\", sa.Column(\"id\", sa.Integer(), primary_key=True))\n{more}\n\n\
         def downgrade():\n    op.drop_table(\"t{n}\")\n"
    )
}

impl Checkout {
    fn of(revisions: usize) -> Self {
        let checkout = Self { folder: tempfile::tempdir().unwrap(), unsaved: BTreeMap::new() };
        let root = checkout.root();
        fs::create_dir_all(root.join("m/versions")).unwrap();
        fs::create_dir(root.join(".git")).unwrap();
        fs::write(root.join("m/env.py"), ENV).unwrap();
        fs::write(root.join("shared.py"), "NAME = \"abc\"\n").unwrap();
        fs::write(root.join("limbeck.toml"), "").unwrap();
        for n in 0..revisions {
            fs::write(checkout.file(n), revision(n, "a")).unwrap();
        }
        checkout
    }

    fn root(&self) -> PathBuf {
        self.folder.path().canonicalize().unwrap()
    }

    fn file(&self, n: usize) -> PathBuf {
        self.root().join(format!("m/versions/r{n}.py"))
    }

    fn types(&mut self, path: &Path, text: &str) {
        self.unsaved.insert(path.to_path_buf(), text.to_owned());
    }

    /// The report, as JSON: it names no ids of sources.
    fn check(&self, memory: Option<&Arc<Memory>>) -> String {
        let place = Place { unsaved: self.unsaved.clone(), ..Place::at(vec![PathBuf::from(".")]) };
        let (mut out, mut err) = (io::sink(), io::sink());
        let mut world = World { here: self.root(), colored: false, out: &mut out, err: &mut err };
        let project = Project::read_again(&place, None, &mut world, memory.map(Arc::clone)).unwrap();
        let report = project.check(&project.config.policy, None).unwrap();
        let histories: Vec<_> = project.stories.iter().map(|story| &story.history).collect();
        let (paths, sources) = (Paths::between("/", "/"), &project.sources);
        let output = Output {
            report: &report,
            histories: &histories,
            sources,
            paths: &paths,
            look: Look::Plain,
            statistics: false,
            trials: None,
            locks: None,
        };
        let mut bytes = Vec::new();
        output.write(Format::Json, &mut bytes).unwrap();
        String::from_utf8(bytes).unwrap()
    }

    /// Checks with the memory, compares with a check without, and answers what was read, rendered and judged anew.
    fn anew(&self, memory: &Arc<Memory>) -> [usize; 3] {
        let (kept, first) = (self.check(Some(memory)), self.check(None));
        assert_eq!(kept, first);
        memory.anew()
    }
}

#[test]
fn an_edit_costs_what_it_changes() {
    let mut checkout = Checkout::of(100);
    let memory = Arc::new(Memory::new());
    assert_eq!(checkout.anew(&memory), [100, 100, 100]);
    assert_eq!(checkout.anew(&memory), [0, 0, 0]);

    checkout.types(&checkout.file(7), &revision(7, "b"));
    assert_eq!(checkout.anew(&memory), [1, 1, 93], "one revision is typed in");
    checkout.types(&checkout.file(99), &revision(99, "b"));
    assert_eq!(checkout.anew(&memory), [1, 1, 1], "nothing comes after the head");
    checkout.types(&checkout.file(7), "def upgrade(:\n");
    let [read, rendered, _] = checkout.anew(&memory);
    assert_eq!([read, rendered], [1, 0], "half a revision cannot be rendered");
    checkout.unsaved.clear();
    let [read, rendered, _] = checkout.anew(&memory);
    assert_eq!([read, rendered], [2, 2], "both are closed");
    fs::write(checkout.file(8), revision(8, "c")).unwrap();
    assert_eq!(checkout.anew(&memory), [1, 1, 92], "it is saved by something else");
    fs::remove_file(checkout.file(99)).unwrap();
    assert_eq!(checkout.anew(&memory), [0, 0, 1], "one is gone, and the one before is the head");

    checkout.types(&checkout.root().join("shared.py"), "NAME = \"abcd\"\n");
    assert_eq!(checkout.anew(&memory), [1, 1, 97], "those that ask the module, and what follows them");
    checkout.types(&checkout.root().join("m/env.py"), NAMED);
    assert_eq!(checkout.anew(&memory), [0, 99, 99], "all names may be others");
    fs::write(checkout.root().join("limbeck.toml"), "[assume]\n\"a.b\" = 1\n").unwrap();
    assert_eq!(checkout.anew(&memory), [99, 99, 99], "what is assumed may be asked for anywhere");
    fs::write(checkout.root().join("limbeck.toml"), "postgres = 17\n[assume]\n\"a.b\" = 1\n").unwrap();
    assert_eq!(checkout.anew(&memory), [0, 0, 99], "the server is another one");
}

#[test]
fn a_module_that_appears_is_found() {
    let checkout = Checkout::of(4);
    fs::remove_file(checkout.root().join("shared.py")).unwrap();
    let memory = Arc::new(Memory::new());
    assert_eq!(checkout.anew(&memory), [4, 4, 4]);
    fs::write(checkout.root().join("shared.py"), "NAME = \"abc\"\n").unwrap();
    assert_eq!(checkout.anew(&memory), [1, 1, 2]);
}

/// Draws a number below another.
struct Dice(u64);

impl Dice {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % end
    }
}

#[test]
fn any_row_of_edits_answers_as_a_first_check() {
    let mut checkout = Checkout::of(12);
    let memory = Arc::new(Memory::new());
    let mut dice = Dice(7);
    for _ in 0..60 {
        let (what, which) = (dice.below(8), dice.below(12));
        let (shared, env) = (checkout.root().join("shared.py"), checkout.root().join("m/env.py"));
        match what {
            0 => checkout.types(&shared, &format!("NAME = \"{}\"\n", "x".repeat(which + 1))),
            1 => checkout.types(&env, if which % 2 == 0 { ENV } else { NAMED }),
            2 => drop(checkout.unsaved.remove(&checkout.file(which))),
            3 => checkout.types(&checkout.file(which), "revision ="),
            _ => checkout.types(&checkout.file(which), &revision(which, ["a", "b", "c"][which % 3])),
        }
        checkout.anew(&memory);
    }
}

#[test]
fn what_is_new_may_be_decided_at_the_head() {
    let mut checkout = Checkout::of(4);
    fs::write(checkout.root().join("limbeck.toml"), "since = \"landed\"\n").unwrap();
    let memory = Arc::new(Memory::new());
    for id in ["landed", "r3", "landed"] {
        let text = revision(3, "a").replace("revision = \"r3\"", &format!("revision = \"{id}\""));
        checkout.types(&checkout.file(3), &text);
        assert_eq!(checkout.anew(&memory)[2], 4, "{id}");
    }
}

/// What the findings of a revision hang on elsewhere: the schema before it, who is new, the names of all tables, the
/// open transaction, types that were made and dropped, whether anything follows.
const LINES: [&str; 22] = [
    "op.create_table(\"a\", sa.Column(\"id\", sa.Integer(), primary_key=True))",
    "op.create_table(\"b\", sa.Column(\"a_id\", sa.ForeignKey(\"a.id\")))",
    "op.create_table(\"a\", sa.Column(\"id\", sa.Integer()), schema=\"app\")",
    "op.create_table(\"c\", sa.Column(\"id\", sa.Integer()), schema=\"app\")",
    "op.create_table(\"e\", sa.Column(\"mood\", sa.Enum(\"x\", \"y\", name=\"mood\")))",
    "op.drop_table(\"a\")",
    "op.drop_table(\"e\")",
    "op.drop_table(\"c\", schema=\"app\")",
    "op.add_column(\"a\", sa.Column(\"n\", sa.Text(), nullable=False))",
    "op.add_column(\"c\", sa.Column(\"n\", sa.Text()), schema=\"app\")",
    "op.alter_column(\"a\", \"n\", nullable=False)",
    "op.create_index(\"i\", \"a\", [\"n\"])",
    "op.drop_index(\"i\", table_name=\"a\")",
    "op.execute(\"DROP TYPE mood\")",
    "op.execute(\"ALTER TYPE mood ADD VALUE 'z'\")",
    "op.execute(\"UPDATE e SET mood = 'z'\")",
    "op.execute(\"ALTER TABLE a ADD CONSTRAINT k CHECK (n <> '') NOT VALID\")",
    "op.execute(\"ALTER TABLE a VALIDATE CONSTRAINT k\")",
    "op.execute(\"ALTER TABLE c ADD COLUMN v integer GENERATED ALWAYS AS (id) VIRTUAL\")",
    "op.execute(\"MERGE INTO a USING b ON a.id = b.a_id WHEN MATCHED THEN DELETE\")",
    "op.execute(\"COMMIT\")",
    "op.execute(unknown())",
];

/// A revision that does some of that, behind one or two others or in a circle.
fn drawn(n: usize, dice: &mut Dice) -> String {
    let parent = |dice: &mut Dice| match dice.below(40) {
        0 => format!("\"r{}\"", dice.below(14)),
        _ if n == 0 => "None".to_owned(),
        1 => format!("(\"r{}\", \"r{}\")", dice.below(n), n - 1),
        _ => format!("\"r{}\"", n - 1),
    };
    let body = |dice: &mut Dice| -> String {
        let lines = (0..dice.below(4)).map(|_| match dice.below(8) {
            0 => {
                format!("    if op.get_bind().dialect.has_table(\"a\"):\n        {}\n", LINES[dice.below(LINES.len())])
            }
            1 => format!("    # limbeck: ignore[non-concurrent-index] small\n    {}\n", LINES[dice.below(LINES.len())]),
            _ => format!("    {}\n", LINES[dice.below(LINES.len())]),
        });
        lines.collect::<String>() + "    pass\n"
    };
    let label = if dice.below(10) == 0 { "branch_labels = \"l\"\n" } else { "" };
    let needs = match dice.below(20) {
        0 => "depends_on = \"l\"\n",
        1 if n > 0 => "depends_on = \"r0\"\n",
        _ => "",
    };
    let (parent, up, down) = (parent(dice), body(dice), body(dice));
    format!(
        "from alembic import op\nimport sqlalchemy as sa\nrevision = \"r{n}\"\ndown_revision = {parent}\n{label}{needs}\n\n\
         def upgrade():\n{up}\n\ndef downgrade():\n{down}"
    )
}

#[test]
fn edits_of_every_kind_answer_as_a_first_check() {
    const SETTINGS: [&str; 6] = [
        "",
        "since = \"r3\"\n",
        "since = \"r8\"\npostgres = 18\n",
        "schemas = [\"app\"]\n",
        "select = [\"dropped-table\", \"missing-schema-prefix\", \"renamed-column\"]\n",
        "[severity]\nnon-concurrent-index = \"note\"\n",
    ];
    const APART: &str = "from alembic import context\ncontext.configure(transaction_per_migration=True)\n";
    for seed in 0..4 {
        let (mut checkout, mut dice) = (Checkout::of(14), Dice(seed));
        let memory = Arc::new(Memory::new());
        for n in 0..14 {
            fs::write(checkout.file(n), drawn(n, &mut dice)).unwrap();
        }
        let (mut judged, mut all) = (0, 0);
        for _ in 0..30 {
            let which = dice.below(14);
            match dice.below(14) {
                0 => fs::write(checkout.root().join("limbeck.toml"), SETTINGS[dice.below(6)]).unwrap(),
                1 => checkout.types(&checkout.root().join("m/env.py"), [ENV, NAMED, APART][dice.below(3)]),
                2 => drop(fs::remove_file(checkout.file(which))),
                3 => checkout.unsaved.clear(),
                4 => fs::write(checkout.file(which), drawn(which, &mut dice)).unwrap(),
                _ if checkout.file(which).exists() => {
                    let text = drawn(which, &mut dice);
                    checkout.types(&checkout.file(which), &text);
                }
                _ => fs::write(checkout.file(which), drawn(which, &mut dice)).unwrap(),
            }
            judged += checkout.anew(&memory)[2];
            all += 14;
        }
        assert!(judged < all, "{judged} of {all}: nothing was taken from the time before");
    }
}

#[test]
fn what_is_out_of_date_does_not_pile_up() {
    let mut checkout = Checkout::of(3);
    let memory = Arc::new(Memory::new());
    checkout.check(Some(&memory));
    assert!(!memory.is_full());
    for n in 0..8 {
        let text = format!("{}# {n}{}\n", revision(1, "a"), "x".repeat(1 << 20));
        checkout.types(&checkout.file(1), &text);
        checkout.check(Some(&memory));
        assert_eq!(memory.is_full(), n == 7, "{n}");
    }
}
