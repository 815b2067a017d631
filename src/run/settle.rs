//! What decides how a history is rendered and judged: the flags, then the configuration, then the project's files.

use super::project::Imports;
use crate::{
    config::Config,
    discover::{Checkout, Pins},
    environment::{Driver, Engine, Environment, NEWEST_SQLALCHEMY, Origin, Script, Stated},
    python::{self, Settings, Trees},
    source::{Sources, Span},
};

/// In how many folders, from that of the history upwards, an `env.py` is looked for.
const ABOVE: usize = 3;

/// Completes an environment with what is said of its versions, its names and its driver.
pub(super) fn settle(
    environment: &mut Environment,
    config: &Config,
    sqlalchemy: Option<(u32, u32)>,
    checkout: &Checkout,
    sources: &Sources,
    trees: &Trees,
) {
    let pins = Pins::nearest(checkout, &environment.folder);
    let script = script(environment, config, checkout, sources, trees);
    environment.stack.sqlalchemy = version(config, sqlalchemy, &pins);
    environment.stack.alembic = pins.version("alembic").map(|(value, from)| Stated { value, from });
    environment.stack.driver = driver(environment, config, &script, &pins, sources);
    environment.stack.naming = script.naming;
    environment.stack.unread = script.unread;
    environment.stack.transactions = script.transactions;
    environment.stack.lock_timeout = script.lock_timeout;
    environment.stack.version_table = script.version_table;
    environment.stack.opening = script.opening;
}

/// Reads the `env.py`.
fn script(environment: &Environment, config: &Config, checkout: &Checkout, sources: &Sources, trees: &Trees) -> Script {
    // A folder of revisions that was given by itself may lie some way below its script folder.
    let folders = crate::discover::ancestors(&environment.folder).into_iter().take(ABOVE);
    let mut files =
        folders.filter_map(|it| checkout.source(sources, &crate::discover::join(&it, "env.py")).ok().flatten());
    let Some(id) = files.next() else {
        return Script { unread: Some("there is no `env.py` that can be read".to_owned()), ..Script::default() };
    };
    let imports = Imports { checkout, sources, revisions: &environment.version_locations };
    let settings = Settings { assume: &config.assume, types: &config.types, modules: &imports, trees };
    python::env::read(sources, id, &settings)
}

fn version(config: &Config, flag: Option<(u32, u32)>, pins: &Pins) -> Stated<(u32, u32)> {
    if let Some(value) = flag {
        return Stated { value, from: Origin::Flag("--sqlalchemy") };
    }
    if let Some(value) = config.sqlalchemy {
        return Stated { value, from: by_config(config) };
    }
    let (value, from) = pins.version("sqlalchemy").unwrap_or((NEWEST_SQLALCHEMY, Origin::Assumed));
    Stated { value, from }
}

/// The URL names the driver; else the only one that the project installs and that its engine can use.
fn driver(
    environment: &Environment,
    config: &Config,
    script: &Script,
    pins: &Pins,
    sources: &Sources,
) -> Stated<Driver> {
    if let Some(value) = config.driver {
        return Stated { value, from: by_config(config) };
    }
    let sqlalchemy = environment.stack.sqlalchemy.value;
    let settings = environment.url.as_ref().filter(|_| !script.sets_url);
    let settings = settings.and_then(|(url, span)| Some((url.split_once("://")?.0, *span)));
    let own = script.scheme.as_ref().map(|(scheme, span)| (scheme.as_str(), *span));
    let named = own.or(settings).and_then(|(scheme, span)| Some((Driver::of_scheme(scheme, sqlalchemy)?, span)));
    if let Some((value, span)) = named {
        return Stated { value, from: written(sources, span) };
    }
    installed(pins, script.engine).unwrap_or_default()
}

fn installed(pins: &Pins, engine: Engine) -> Option<Stated<Driver>> {
    let packages = [
        (Driver::Psycopg2, &["psycopg2", "psycopg2-binary", "psycopg2cffi"][..]),
        (Driver::Psycopg, &["psycopg", "psycopg-binary"]),
        (Driver::Asyncpg, &["asyncpg"]),
        (Driver::Pg8000, &["pg8000"]),
    ];
    let fits = |driver: Driver| match engine {
        Engine::Unknown => true,
        Engine::Sync => driver != Driver::Asyncpg,
        Engine::Async => matches!(driver, Driver::Asyncpg | Driver::Psycopg),
    };
    let mut found = packages.iter().filter(|(driver, _)| fits(*driver)).filter_map(|(driver, names)| {
        let (_, from) = names.iter().find_map(|name| pins.version(name))?;
        Some(Stated { value: *driver, from })
    });
    let only = found.next()?;
    found.next().is_none().then_some(only)
}

fn by_config(config: &Config) -> Origin {
    Origin::Config(config.file.clone().unwrap_or_default())
}

fn written(sources: &Sources, span: Span) -> Origin {
    let source = sources.get(span.source);
    Origin::File { path: source.path.clone(), line: source.line_column(span.start).0 }
}
