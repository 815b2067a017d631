//! Where the time goes, by stage and by size: the cost of a history grows with its length and not faster, that of a
//! revision with the number of its statements; our own reading and rendering costs less than twice what `pg_query` takes
//! to parse the SQL, and judging by every rule less than half of reading, rendering and parsing. Those proportions are
//! printed first.
//!
//! `HISTORY=path/to/versions cargo bench` measures the stages on a real history, with what it imports from its project.
#![expect(missing_docs, clippy::unwrap_used, reason = "criterion's macros have no documentation; a bench may panic")]

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use limbeck::{
    check::{self, Case, Migrated, Report},
    config::Config,
    discover::{self, Given, Wish},
    environment::Environment,
    history::History,
    op::Op,
    policy::Policy,
    python::{self, Modules, Settings, Trees},
    render::{self, Dialect, Memo},
    revision::Revision,
    rules,
    source::{SourceId, Sources, Text},
    sql,
};
use std::{
    env,
    fmt::Write,
    hint::black_box,
    time::{Duration, Instant},
};

/// How the revisions of a made-up history hang together.
#[derive(Clone, Copy)]
enum Shape {
    Line,
    /// At every tenth revision two branches of some revisions meet, and two others begin.
    Branches,
}

impl Shape {
    fn parents(self, n: usize) -> Vec<usize> {
        match (self, n % 10) {
            _ if n == 0 => Vec::new(),
            (Self::Line, _) => vec![n - 1],
            (Self::Branches, 5) => vec![n - 5],
            (Self::Branches, 0) => vec![n - 6, n - 1],
            (Self::Branches, _) => vec![n - 1],
        }
    }
}

/// A revision as people write them: a table with its index, and a column and a backfill on its parent's table.
fn text(n: usize, shape: Shape) -> String {
    let parents = shape.parents(n);
    let named: Vec<String> = parents.iter().map(|it| format!("\"r{it}\"")).collect();
    let parent = if named.is_empty() { "None".to_owned() } else { format!("({},)", named.join(", ")) };
    let mut text = format!(
        "\"\"\"revision {n}\n\nRevision ID: r{n}\n\"\"\"\nfrom alembic import op\nimport sqlalchemy as sa\n\n\
         revision = \"r{n}\"\ndown_revision = {parent}\n\n\ndef upgrade():\n    op.create_table(\n        \"t{n}\",\n        \
         sa.Column(\"id\", sa.Integer(), nullable=False),\n        sa.Column(\"name\", sa.String(80), server_default=\"\"),\n        \
         sa.Column(\"made\", sa.DateTime(timezone=True), server_default=sa.func.now()),\n        \
         sa.PrimaryKeyConstraint(\"id\"),\n    )\n    op.create_index(op.f(\"ix_t{n}_name\"), \"t{n}\", [\"name\"])\n"
    );
    if let Some(before) = parents.first() {
        write!(
            text,
            "    op.add_column(\"t{before}\", sa.Column(\"flag{n}\", sa.Boolean()))\n    \
             op.execute(\"\"\"\n        UPDATE t{before} SET flag{n} = name <> '' WHERE flag{n} IS NULL\n    \"\"\")\n"
        )
        .unwrap();
    }
    text + &format!("\n\ndef downgrade():\n    op.drop_table(\"t{n}\")\n")
}

struct Checkout {
    sources: Sources,
    files: Vec<SourceId>,
    /// What a real history imports from its project.
    project: Option<discover::Checkout>,
}

impl Modules for Checkout {
    fn module(&self, dotted: &str, from: &str) -> Option<SourceId> {
        let folder = from.rsplit_once('/').map_or(".", |(folder, _)| folder);
        self.file(&self.project.as_ref()?.module(dotted, folder)?)
    }

    fn file(&self, path: &str) -> Option<SourceId> {
        self.project.as_ref()?.source(&self.sources, path).ok().flatten()
    }
}

/// One revision of many statements of all kinds, each on a table of its own.
fn long(statements: usize) -> Checkout {
    let mut text = "from alembic import op\nimport sqlalchemy as sa\n\nrevision = \"r\"\ndown_revision = None\n\n\n\
                    def upgrade():\n    pass\n"
        .to_owned();
    for n in 0..statements / 4 {
        write!(
            text,
            "    op.create_table(\"t{n}\", sa.Column(\"id\", sa.Integer(), primary_key=True))\n    \
             op.add_column(\"t{n}\", sa.Column(\"c\", sa.Text(), nullable=False, server_default=\"\"))\n    \
             op.create_index(\"i{n}\", \"t{n}\", [\"c\"])\n    op.execute(\"UPDATE t{n} SET c = 'x' WHERE c IS NULL\")\n"
        )
        .unwrap();
    }
    let sources = Sources::default();
    let files = vec![sources.add("versions/r.py", text)];
    Checkout { sources, files, project: None }
}

fn checkout(revisions: usize, shape: Shape) -> Checkout {
    let sources = Sources::default();
    let files = (0..revisions).map(|n| sources.add(format!("versions/r{n:05}.py"), text(n, shape))).collect();
    Checkout { sources, files, project: None }
}

/// The files of a real history, and its project.
fn real(folder: &str) -> Checkout {
    let given = Given::new(&env::current_dir().unwrap(), &[folder.into()]).unwrap();
    let found = discover::discover(given, &Wish::default()).unwrap();
    let files = found.environments.iter().flat_map(|it| it.files.clone()).collect();
    Checkout { sources: found.sources, files, project: Some(found.checkout) }
}

/// The SQL of every step of both ways.
fn rendered(revisions: &[Revision], dialect: &Dialect) -> Vec<Text> {
    let mut texts = Vec::new();
    for body in revisions.iter().flat_map(|it| [&it.upgrade, &it.downgrade]) {
        let mut memo = Memo::default();
        for step in body.steps.iter().filter(|step| !matches!(step.op, Op::Unresolved { .. })) {
            texts.extend(render::render(&step.op, dialect, &mut memo).unwrap_or_default());
        }
    }
    texts
}

fn read(checkout: &Checkout, config: &Config) -> Vec<Revision> {
    let settings =
        Settings { assume: &config.assume, types: &config.types, modules: checkout, trees: &Trees::default() };
    checkout.files.iter().filter_map(|id| python::read(&checkout.sources, *id, &settings).revision).collect()
}

/// The shortest of some runs.
fn best<T>(mut act: impl FnMut() -> T) -> Duration {
    let run = |_| {
        let start = Instant::now();
        black_box(act());
        start.elapsed()
    };
    (0..7).map(run).min().unwrap_or_default()
}

/// Replays a history and judges it.
fn judge(history: &History, sources: &Sources, migrations: &[Migrated], policy: &Policy) -> Report {
    let (migrations, found) = (migrations.to_vec(), Vec::new());
    check::check(Case { base: None, history, sources, migrations, found, comments: &[], policy })
}

/// Says what our own stages cost beside what cannot be spared, all on one thread.
fn proportions(name: &str, checkout: &Checkout) {
    let (config, dialect) = (Config::default(), Dialect::default());
    let every = Policy { select: Some(rules::ALL.iter().map(|rule| rule.name).collect()), ..config.policy.clone() };
    let revisions = read(checkout, &config);
    let texts = rendered(&revisions, &dialect);
    let reading = best(|| read(checkout, &config));
    let rendering = best(|| rendered(&revisions, &dialect));
    let parsing = best(|| texts.iter().filter(|text| pg_query::parse(text.as_str(), 0).is_ok()).count());
    let environment = Environment { files: checkout.files.clone(), ..Environment::default() };
    let history = History::build(environment, revisions, &checkout.sources);
    let migrate = || history.revisions.iter().map(|it| check::migrate(it, &dialect)).collect::<Vec<_>>();
    let (sending, migrations) = (best(migrate), migrate());
    let judged = |policy: &Policy| best(|| judge(&history, &checkout.sources, &migrations, policy));
    let (usual, all) = (judged(&config.policy), judged(&every));
    let share = |some: Duration, of: Duration| some.as_secs_f64() / of.as_secs_f64();
    println!(
        "{name}: reading {reading:.1?} and rendering {rendering:.1?} are {:.2} of pg_query's parsing {parsing:.1?}; \
         with the usual rules ({usual:.1?}) a check takes {:.2} of reading, rendering and parsing to statements, \
         with every rule ({all:.1?}) {:.2}",
        share(reading + rendering, parsing),
        share(reading + sending + usual, reading + sending),
        share(reading + sending + all, reading + sending),
    );
}

fn stages(criterion: &mut Criterion) {
    let config = Config::default();
    let dialect = Dialect::default();
    let mut group = criterion.benchmark_group("history");
    group.sample_size(10);
    let mut checkouts: Vec<(String, Checkout)> = Vec::new();
    if let Ok(folder) = env::var("HISTORY") {
        checkouts.push((folder.clone(), real(&folder)));
    } else {
        for size in [100, 1000, 10_000] {
            checkouts.push((format!("{size}"), checkout(size, Shape::Line)));
            checkouts.push((format!("{size} with merges"), checkout(size, Shape::Branches)));
            checkouts.push((format!("one of {size} statements"), long(size)));
        }
    }
    let one = rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap();
    for (name, checkout) in checkouts.iter().filter(|(_, it)| it.files.len() < 10_000) {
        one.install(|| proportions(name, checkout));
    }
    for (name, checkout) in checkouts {
        let revisions = read(&checkout, &config);
        let size = revisions.len();
        let texts = rendered(&revisions, &dialect);
        let bare: Vec<&str> = texts.iter().map(Text::as_str).collect();
        let environment = Environment { files: checkout.files.clone(), ..Environment::default() };
        let history = History::build(environment, revisions, &checkout.sources);
        let migrate = || history.revisions.iter().map(|it| check::migrate(it, &dialect)).collect::<Vec<_>>();
        let migrations = migrate();
        group.throughput(Throughput::Elements(size as u64));
        group.bench_function(BenchmarkId::new("read the Python", &name), |bench| {
            bench.iter(|| read(&checkout, &config));
        });
        group.bench_function(BenchmarkId::new("render", &name), |bench| {
            bench.iter(|| rendered(&history.revisions, &dialect));
        });
        group.bench_function(BenchmarkId::new("parse by pg_query alone", &name), |bench| {
            bench.iter(|| bare.iter().filter(|text| pg_query::parse(text, 0).is_ok()).count());
        });
        group.bench_function(BenchmarkId::new("parse to statements", &name), |bench| {
            bench.iter(|| texts.iter().filter(|text| sql::parse(text).is_ok()).count());
        });
        group.bench_function(BenchmarkId::new("render and parse the SQL", &name), |bench| bench.iter(migrate));
        group.bench_function(BenchmarkId::new("replay and judge", &name), |bench| {
            bench.iter(|| judge(&history, &checkout.sources, &migrations, &config.policy));
        });
    }
    group.finish();
}

criterion_group!(benches, stages);
criterion_main!(benches);
