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

#[test]
fn the_nearest_file_that_pins_it_tells_the_version() {
    let uv = |version: &str| format!("[[package]]\nname = \"sqlalchemy\"\nversion = \"{version}\"\n");
    let folder = repository(&[("uv.lock", &uv("2.1.3")), ("app/poetry.lock", "[[package]]\nname = \"flask\"\n")]);
    assert_eq!(told(&folder, "sqlalchemy", &[]), "2.1 <- uv.lock:3");
    let put = |path: &str, text: &str| {
        let path = folder.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    };
    put("app/requirements/dev.txt", "sqlalchemy==1.4.2\n");
    assert_eq!(told(&folder, "sqlalchemy", &[]), "1.4 <- app/requirements/dev.txt:1");
    put("app/requirements/prod.txt", "alembic==1.13.1\nSQLAlchemy[asyncio]==2.0.51 \\\n    --hash=sha256:00\n");
    assert_eq!(told(&folder, "sqlalchemy", &[]), "2.0 <- app/requirements/prod.txt:2");
    assert_eq!(told(&folder, "alembic", &[]), "1.13 <- app/requirements/prod.txt:1");
    put("limbeck.toml", "sqlalchemy = '2.1'\n");
    assert_eq!(told(&folder, "sqlalchemy", &[]), "2.1 <- limbeck.toml");

    let bounds = |text: &str| told(&repository(&[("pyproject.toml", text)]), "sqlalchemy", &[]);
    assert_eq!(
        bounds("[project]\ndependencies = [\n  \"sqlalchemy[asyncio]>=2.0,<2.1\",\n]\n"),
        "2.0 <- pyproject.toml:3"
    );
    assert_eq!(bounds("[project]\ndependencies = [\"sqlalchemy>=2.0\"]\n"), "2.1 <- nobody");
}

#[test]
fn the_driver_is_that_of_env_py_or_the_only_one_that_fits() {
    let lock = |names: &[&str]| {
        let all: Vec<String> = names.iter().map(|name| format!("{name}==1.0")).collect();
        format!("sqlalchemy==2.0.1\n{}\n", all.join("\n"))
    };
    let driver = |env: &str, locked: &[&str]| {
        let (path, ini) = with_url("postgresql+pg8000://h/d");
        let files = [("app/m/env.py", env), ("requirements.txt", &*lock(locked)), (path, &*ini)];
        told(&repository(&files), "driver", &[])
    };
    assert_eq!(driver("", &["asyncpg"]), "pg8000 <- app/alembic.ini:3");
    // env.py has a URL of its own, and not the text of it.
    let own = "from app import url\nconfig.set_main_option('sqlalchemy.url', url)\n";
    assert_eq!(driver(own, &["asyncpg"]), "asyncpg <- requirements.txt:2");
    assert_eq!(driver(own, &["asyncpg", "psycopg2-binary"]), "psycopg2 <- nobody");
    assert_eq!(driver(own, &[]), "psycopg2 <- nobody");
    let sync = format!("{own}engine = engine_from_config(config.get_section('alembic'))\n");
    assert_eq!(driver(&sync, &["asyncpg", "psycopg-binary"]), "psycopg <- requirements.txt:3");
    let apart = sync.replace("engine_from", "async_engine_from");
    assert_eq!(driver(&apart, &["asyncpg", "psycopg2"]), "asyncpg <- requirements.txt:2");
    for text in [
        "config.set_main_option('sqlalchemy.url', f'postgresql+asyncpg://{user}@h/d'.replace('%', '%%'))\n",
        "def url():\n    return f'postgresql+asyncpg://{user}'\ndef run():\n    engine = create_async_engine(url())\n",
        "section['sqlalchemy.url'] = 'postgresql+asyncpg://' + host\n",
        "create_async_engine(URL.create('postgresql+asyncpg', host='h'))\n",
    ] {
        assert!(driver(text, &["psycopg2"]).starts_with("asyncpg <- app/m/env.py:"), "{text}");
    }
    let both = "create_engine('postgresql+psycopg://h')\ncreate_async_engine('postgresql+asyncpg://h')\n";
    assert_eq!(driver(both, &["pg8000", "asyncpg"]), "psycopg2 <- nobody");
}

const PLAIN: &str = "from alembic import op\nimport sqlalchemy as sa\nrevision = 'a'\ndown_revision = None\n\
                     def upgrade():\n    op.create_unique_constraint(None, 't', ['a'])\n\
                     def downgrade(): pass\n";
const CONVENTION: &str = "{'uq': 'uq_%(table_name)s_%(column_0_name)s', 'pk': '%(table_name)s_pkey'}";

/// What the unnamed constraint of a project becomes, or why it does not.
fn named(env: &str, modules: &[(&str, &str)]) -> String {
    let env = env.replace("CONVENTION", CONVENTION);
    let modules: Vec<(&str, String)> =
        modules.iter().map(|(path, text)| (*path, text.replace("CONVENTION", CONVENTION))).collect();
    let mut files = vec![("app/m/env.py", &*env), ("app/m/versions/1.py", PLAIN)];
    files.extend(modules.iter().map(|(path, text)| (*path, &**text)));
    let all = json(&repository(&files), &["sql"]);
    let way = &all["revisions"][0]["upgrade"];
    let read = if all["naming_convention"].is_null() { "" } else { "read: " };
    match way["statements"][0]["sql"].as_str() {
        Some(sql) => format!("{read}{}", sql.trim_start_matches("ALTER TABLE t ADD ")),
        None => ["unresolved", "fails"].into_iter().find_map(|it| way[it][0]["reason"].as_str()).unwrap().to_owned(),
    }
}

const ONLINE: &str =
    "\ndef run(connection):\n    context.configure(connection=connection, target_metadata=target_metadata)\n";
const WITH: &str = "read: CONSTRAINT uq_t_a UNIQUE (a)";
const WITHOUT: &str = "UNIQUE (a)";

#[test]
fn the_convention_is_that_of_the_metadata_that_alembic_is_given() {
    let env = |head: &str| format!("from alembic import context\n{head}{ONLINE}");
    let of_base = env("from app.models import Base\ntarget_metadata = Base.metadata\n");
    for models in [
        "class Base(DeclarativeBase):\n    metadata = MetaData(naming_convention=CONVENTION)\n",
        "NAMES = CONVENTION\nclass Base(AsyncAttrs, DeclarativeBase):\n    metadata = MetaData(schema='s', naming_convention=NAMES)\n",
        "Base = declarative_base(metadata=MetaData(naming_convention=CONVENTION))\n",
        "Base = declarative_base()\nBase.metadata.naming_convention = CONVENTION\n",
        "class Base(DeclarativeBase): pass\nBase.metadata.naming_convention = CONVENTION\n",
        "class Base(DeclarativeBase):\n    registry = registry(metadata=MetaData(naming_convention=CONVENTION))\n",
        "mapper = registry(metadata=MetaData(naming_convention=CONVENTION))\nBase = mapper.generate_base()\n",
        "from typing import TYPE_CHECKING, Any\nif TYPE_CHECKING:\n    Base = Any\nelse:\n    \
         Base = declarative_base(metadata=MetaData(naming_convention=CONVENTION))\n",
        "@as_declarative(metadata=MetaData(naming_convention=CONVENTION))\nclass Base: pass\n",
        "class Root(DeclarativeBase):\n    metadata = MetaData(naming_convention=CONVENTION)\nclass Base(Root):\n    __abstract__ = True\n",
    ] {
        let head = "from sqlalchemy import MetaData\nfrom sqlalchemy.orm import DeclarativeBase, declarative_base, registry, \
                    as_declarative\nfrom sqlalchemy.ext.asyncio import AsyncAttrs\n";
        let models = format!("{head}{models}");
        assert_eq!(named(&of_base, &[("app/models.py", &models)]), WITH, "{models}");
        // Through a package that hands it on.
        let package =
            [("app/models/__init__.py", "from app.models.base import Base\n"), ("app/models/base.py", &*models)];
        assert_eq!(named(&of_base, &package), WITH, "{models}");
        let without = models.replace("naming_convention=CONVENTION", "schema=None").replace("= CONVENTION", "= None");
        let without = without.replace("naming_convention=NAMES", "info={}");
        assert_eq!(named(&of_base, &[("app/models.py", &without)]), WITHOUT, "{without}");
    }
    let flask = "from flask_sqlalchemy import SQLAlchemy\nfrom sqlalchemy import MetaData\n\
                 db = SQLAlchemy(metadata=MetaData(naming_convention=CONVENTION))\n";
    let of_db = env("from app.models import db\ntarget_metadata = db.metadata\n");
    assert_eq!(named(&of_db, &[("app/models.py", flask)]), WITH);
    // Flask-Migrate's own template.
    let template = "from alembic import context\nfrom flask import current_app\n\
                    target_db = current_app.extensions['migrate'].db\ndef get_metadata():\n    return target_db.metadata\n\
                    def run(connection):\n    context.configure(connection=connection, target_metadata=get_metadata())\n";
    assert_eq!(named(template, &[("app/db.py", flask)]), WITH);
    // A package's class, on which some module of the project sets it.
    let model = env("from sqlmodel import SQLModel\nfrom app import tables\ntarget_metadata = SQLModel.metadata\n");
    let set = "from sqlmodel import SQLModel\nSQLModel.metadata.naming_convention = CONVENTION\n";
    assert_eq!(named(&model, &[("app/names.py", set)]), WITH);
    let replaced = "from sqlalchemy import MetaData\nfrom sqlmodel import SQLModel\n\
                    SQLModel.metadata = MetaData(naming_convention=CONVENTION)\n";
    assert_eq!(named(&model, &[("app/names.py", replaced)]), WITH);
    assert_eq!(named(&model, &[]), WITHOUT);
    // Given in the call, and several, of which Alembic takes none.
    let direct = "from alembic import context\nfrom sqlalchemy import MetaData\nmine = MetaData(naming_convention=CONVENTION)\n\
                  context.configure(connection=1, target_metadata=mine)\n";
    assert_eq!(named(direct, &[]), WITH);
    assert_eq!(named(&direct.replace("=mine", "=[mine]"), &[]), WITHOUT);
    assert_eq!(named(&direct.replace(", target_metadata=mine", ""), &[]), WITHOUT);
}

#[test]
fn a_convention_that_cannot_be_read_leaves_names_unknown() {
    let env =
        format!("from alembic import context\nfrom app.db import make\ntarget_metadata = make().metadata{ONLINE}");
    let hidden = "from sqlalchemy import MetaData\nfrom elsewhere import settings\ndef make():\n    return settings.base(MetaData(naming_convention=CONVENTION))\n";
    let why = named(&env, &[("app/db.py", hidden)]);
    assert!(why.contains("`app/db.py` has a naming convention"), "{why}");
    assert_eq!(named(&env, &[("app/db.py", "from elsewhere import make\n")]), WITHOUT);

    let own = format!(
        "from alembic import context\nfrom sqlalchemy import MetaData\nfrom elsewhere import names\ndef mine(it, table): return 'x'\n\
         target_metadata = MetaData(naming_convention=names){ONLINE}"
    );
    assert!(named(&own, &[]).contains("the name is not known"), "{}", named(&own, &[]));
    let token = own.replace("=names", "={'mine': mine, 'uq': 'uq_%(mine)s', 'pk': 'pk_%(table_name)s'}");
    assert!(named(&token, &[]).contains("`mine` of the naming convention `uq_%(mine)s` is a function"), "{token}");
    let other = own.replace("=names", "={'mine': mine, 'uq': 'uq_%(column_0_name)s', 'ck': 'ck_%(mine)s'}");
    assert_eq!(named(&other, &[]), "read: CONSTRAINT uq_a UNIQUE (a)");
    // A table of the revision's own metadata has nothing of it.
    let table = PLAIN.replace(
        "op.create_unique_constraint(None, 't', ['a'])",
        "sa.Table('t', sa.MetaData(), sa.Column('a', sa.Integer(), unique=True)).create(op.get_bind())",
    );
    let env = own.replace("=names", &format!("={CONVENTION}"));
    let all = json(&repository(&[("app/m/env.py", &env), ("app/m/versions/1.py", &table)]), &["sql"]);
    let sql = all["revisions"][0]["upgrade"]["statements"][0]["sql"].as_str().unwrap().to_owned();
    assert!(sql.contains("UNIQUE (a)") && !sql.contains("CONSTRAINT"), "{sql}");
}
