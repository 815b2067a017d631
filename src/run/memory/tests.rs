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

    /// Checks with the memory, compares with a check without, and answers what was read and rendered anew.
    fn anew(&self, memory: &Arc<Memory>) -> (usize, usize) {
        let (kept, first) = (self.check(Some(memory)), self.check(None));
        assert_eq!(kept, first);
        memory.anew()
    }
}

#[test]
fn an_edit_costs_what_it_changes() {
    let mut checkout = Checkout::of(500);
    let memory = Arc::new(Memory::new());
    assert_eq!(checkout.anew(&memory), (500, 500));
    assert_eq!(checkout.anew(&memory), (0, 0));

    checkout.types(&checkout.file(7), &revision(7, "b"));
    assert_eq!(checkout.anew(&memory), (1, 1), "one revision is typed in");
    checkout.types(&checkout.file(7), "def upgrade(:\n");
    assert_eq!(checkout.anew(&memory), (1, 0), "half a revision cannot be rendered");
    checkout.unsaved.clear();
    assert_eq!(checkout.anew(&memory), (1, 1), "it is closed");
    fs::write(checkout.file(8), revision(8, "c")).unwrap();
    assert_eq!(checkout.anew(&memory), (1, 1), "it is saved by something else");
    fs::remove_file(checkout.file(499)).unwrap();
    assert_eq!(checkout.anew(&memory), (0, 0), "one is gone");

    checkout.types(&checkout.root().join("shared.py"), "NAME = \"abcd\"\n");
    assert_eq!(checkout.anew(&memory), (1, 1), "those that ask the module");
    checkout.types(&checkout.root().join("m/env.py"), NAMED);
    assert_eq!(checkout.anew(&memory), (0, 499), "all names may be others");
    fs::write(checkout.root().join("limbeck.toml"), "[assume]\n\"a.b\" = 1\n").unwrap();
    assert_eq!(checkout.anew(&memory), (499, 499), "what is assumed may be asked for anywhere");
}

#[test]
fn a_module_that_appears_is_found() {
    let checkout = Checkout::of(4);
    fs::remove_file(checkout.root().join("shared.py")).unwrap();
    let memory = Arc::new(Memory::new());
    assert_eq!(checkout.anew(&memory), (4, 4));
    fs::write(checkout.root().join("shared.py"), "NAME = \"abc\"\n").unwrap();
    assert_eq!(checkout.anew(&memory), (1, 1));
}

#[test]
fn any_row_of_edits_answers_as_a_first_check() {
    let mut checkout = Checkout::of(12);
    let memory = Arc::new(Memory::new());
    let mut seed = 7_usize;
    for _ in 0..60 {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let (what, which) = ((seed >> 33) % 8, (seed >> 40) % 12);
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
