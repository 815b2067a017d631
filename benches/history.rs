//! Where the time goes, by stage and by size: the cost of a history grows with its length and not faster.
#![expect(missing_docs, clippy::unwrap_used, reason = "criterion's macros have no documentation; a bench may panic")]

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use limbeck::{
    check::{self, Case},
    config::Config,
    environment::Environment,
    history::History,
    python::{self, NoModules, Settings},
    render::Dialect,
    revision::Revision,
    source::{SourceId, Sources},
};
use std::fmt::Write;

/// A revision as people write them: a table with its index, and a column and a backfill on the table before.
fn text(n: usize) -> String {
    let parent = if n == 0 { "None".to_owned() } else { format!("\"r{}\"", n - 1) };
    let mut text = format!(
        "\"\"\"revision {n}\n\nRevision ID: r{n}\n\"\"\"\nfrom alembic import op\nimport sqlalchemy as sa\n\n\
         revision = \"r{n}\"\ndown_revision = {parent}\n\n\ndef upgrade():\n    op.create_table(\n        \"t{n}\",\n        \
         sa.Column(\"id\", sa.Integer(), nullable=False),\n        sa.Column(\"name\", sa.String(80), server_default=\"\"),\n        \
         sa.Column(\"made\", sa.DateTime(timezone=True), server_default=sa.func.now()),\n        \
         sa.PrimaryKeyConstraint(\"id\"),\n    )\n    op.create_index(op.f(\"ix_t{n}_name\"), \"t{n}\", [\"name\"])\n"
    );
    if n > 0 {
        let before = n - 1;
        write!(
            text,
            "    op.add_column(\"t{before}\", sa.Column(\"flag\", sa.Boolean()))\n    \
             op.execute(\"\"\"\n        UPDATE t{before} SET flag = name <> '' WHERE flag IS NULL\n    \"\"\")\n"
        )
        .unwrap();
    }
    text + &format!("\n\ndef downgrade():\n    op.drop_table(\"t{n}\")\n")
}

struct Checkout {
    sources: Sources,
    files: Vec<SourceId>,
}

fn checkout(revisions: usize) -> Checkout {
    let sources = Sources::default();
    let files = (0..revisions).map(|n| sources.add(format!("versions/r{n:05}.py"), text(n))).collect();
    Checkout { sources, files }
}

fn read(checkout: &Checkout, config: &Config) -> Vec<Revision> {
    let settings = Settings { assume: &config.assume, types: &config.types, modules: &NoModules };
    checkout.files.iter().filter_map(|id| python::read(&checkout.sources, *id, &settings).revision).collect()
}

fn stages(criterion: &mut Criterion) {
    let config = Config::default();
    let dialect = Dialect::default();
    let mut group = criterion.benchmark_group("history");
    group.sample_size(10);
    for size in [250, 500, 1000, 2000] {
        let checkout = checkout(size);
        let revisions = read(&checkout, &config);
        assert_eq!(revisions.len(), size);
        let environment = Environment { files: checkout.files.clone(), ..Environment::default() };
        let history = History::build(environment, revisions, &checkout.sources);
        let migrate = || history.revisions.iter().map(|it| check::migrate(it, &dialect)).collect::<Vec<_>>();
        let migrations = migrate();
        group.throughput(Throughput::Elements(size as u64));
        group
            .bench_function(BenchmarkId::new("read the Python", size), |bench| bench.iter(|| read(&checkout, &config)));
        group.bench_function(BenchmarkId::new("render and parse the SQL", size), |bench| bench.iter(migrate));
        group.bench_function(BenchmarkId::new("replay and judge", size), |bench| {
            bench.iter(|| {
                check::check(&Case {
                    base: None,
                    history: &history,
                    sources: &checkout.sources,
                    migrations: migrations.clone(),
                    found: Vec::new(),
                    comments: &[],
                    policy: &config.policy,
                })
            });
        });
    }
    group.finish();
}

criterion_group!(benches, stages);
criterion_main!(benches);
