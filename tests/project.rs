//! What a project's own files say of how its migrations are run, and who overrules them.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

use clap::Parser;
use limbeck::{
    cli::Cli,
    run::{World, run},
};
use serde_json::Value;
use std::fs;
use tempfile::TempDir;

/// A repository with one revision in `app/m`, and these files.
fn repository(files: &[(&str, &str)]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let usual = [
        (".git/HEAD", ""),
        ("app/m/env.py", ""),
        ("app/alembic.ini", "[alembic]\nscript_location = m\n"),
        ("app/m/versions/1.py", "revision = 'a'\ndown_revision = None\ndef upgrade(): pass\ndef downgrade(): pass\n"),
    ];
    for (path, text) in usual.iter().chain(files) {
        let path = folder.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    folder
}

/// The JSON of a command.
fn json(folder: &TempDir, arguments: &[&str]) -> Value {
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let here = folder.path().canonicalize().unwrap();
    let mut world = World { here, colored: false, out: &mut out, err: &mut err };
    let cli = Cli::parse_from(["limbeck"].iter().chain(arguments).chain(&["--format", "json"]));
    run(&cli, &mut world).unwrap();
    serde_json::from_slice(&out).unwrap()
}

/// `value <- who says so` of the only environment, the same from `check` and `sql`.
fn told(folder: &TempDir, key: &str, arguments: &[&str]) -> String {
    let told = |command: &str| {
        let all = json(folder, &[&[command], arguments].concat());
        assert_eq!(all["environments"].as_array().unwrap().len(), 1);
        let it = &all["environments"][0][key];
        let value = if key == "driver" { &it["name"] } else { &it["version"] };
        format!("{} <- {}", value.as_str().unwrap(), it["from"].as_str().unwrap_or("nobody"))
    };
    let (check, sql) = (told("check"), told("sql"));
    assert_eq!(check, sql);
    sql
}

fn with_url(url: &str) -> (&'static str, String) {
    ("app/alembic.ini", format!("[alembic]\nscript_location = m\nsqlalchemy.url = {url}\n"))
}

#[test]
fn a_flag_comes_before_the_configuration() {
    let folder = repository(&[]);
    assert_eq!(told(&folder, "sqlalchemy", &[]), "2.1 <- nobody");
    fs::write(folder.path().join("limbeck.toml"), "sqlalchemy = '2.0'\ndriver = 'asyncpg'\n").unwrap();
    assert_eq!(told(&folder, "sqlalchemy", &[]), "2.0 <- limbeck.toml");
    assert_eq!(told(&folder, "sqlalchemy", &["--sqlalchemy", "2.1.9"]), "2.1 <- --sqlalchemy");
    assert_eq!(told(&folder, "driver", &[]), "asyncpg <- limbeck.toml");
}

#[test]
fn the_version_decides_what_is_sent() {
    let computed = "import sqlalchemy as sa\nfrom alembic import op\nrevision = 'a'\ndown_revision = None\n\
                    def upgrade(): op.add_column('t', sa.Column('a', sa.Integer(), sa.Computed('b')))\n\
                    def downgrade(): pass\n";
    let folder = repository(&[("app/m/versions/1.py", computed)]);
    let sql = |arguments: &[&str]| {
        let all = json(&folder, &[&["sql"], arguments].concat());
        all["revisions"][0]["upgrade"]["statements"][0]["sql"].as_str().unwrap().to_owned()
    };
    assert!(!sql(&[]).contains("STORED"));
    assert!(sql(&["--sqlalchemy", "2.0"]).contains("STORED"));
}

#[test]
fn the_url_of_the_settings_names_the_driver() {
    for (url, driver) in [
        ("postgresql+asyncpg://u:p@h/d", "asyncpg <- app/alembic.ini:3"),
        ("postgresql+psycopg://", "psycopg <- app/alembic.ini:3"),
        // SQLAlchemy chooses: psycopg from 2.1 on.
        ("postgresql://u:p@h/d", "psycopg <- app/alembic.ini:3"),
        // The template's own words.
        ("driver://user:pass@localhost/dbname", "psycopg2 <- nobody"),
        ("sqlite:///x.db", "psycopg2 <- nobody"),
        // Only env.py knows the name.
        ("postgresql+asyncpg://%(DB_USER)s@h/d", "psycopg2 <- nobody"),
    ] {
        let (path, ini) = with_url(url);
        assert_eq!(told(&repository(&[(path, &ini)]), "driver", &[]), driver, "{url}");
    }
    let (path, ini) = with_url("postgresql://u:p@h/d");
    let folder = repository(&[(path, &ini)]);
    assert_eq!(told(&folder, "driver", &["--sqlalchemy", "2.0"]), "psycopg2 <- app/alembic.ini:3");
    fs::write(folder.path().join("limbeck.toml"), "driver = 'pg8000'\n").unwrap();
    assert_eq!(told(&folder, "driver", &[]), "pg8000 <- limbeck.toml");
}
