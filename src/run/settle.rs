//! What decides how a history is rendered and judged: the flags, then the configuration, then the project's files.

use crate::{
    config::Config,
    environment::{Driver, Environment, NEWEST_SQLALCHEMY, Origin, Stated},
    source::{Sources, Span},
};

/// Completes an environment with what is said of its versions and its driver.
pub(super) fn settle(
    environment: &mut Environment,
    config: &Config,
    sqlalchemy: Option<(u32, u32)>,
    sources: &Sources,
) {
    environment.stack.sqlalchemy = version(config, sqlalchemy);
    environment.stack.driver = driver(environment, config, sources);
}

fn version(config: &Config, flag: Option<(u32, u32)>) -> Stated<(u32, u32)> {
    if let Some(value) = flag {
        return Stated { value, from: Origin::Flag("--sqlalchemy") };
    }
    match config.sqlalchemy {
        Some(value) => Stated { value, from: by_config(config) },
        None => Stated { value: NEWEST_SQLALCHEMY, from: Origin::Assumed },
    }
}

fn driver(environment: &Environment, config: &Config, sources: &Sources) -> Stated<Driver> {
    if let Some(value) = config.driver {
        return Stated { value, from: by_config(config) };
    }
    let url = environment.url.as_ref().and_then(|(url, span)| {
        let (scheme, _) = url.split_once("://")?;
        Some((Driver::of_scheme(scheme, environment.stack.sqlalchemy.value)?, *span))
    });
    match url {
        Some((value, span)) => Stated { value, from: written(sources, span) },
        None => Stated::default(),
    }
}

fn by_config(config: &Config) -> Origin {
    Origin::Config(config.file.clone().unwrap_or_default())
}

fn written(sources: &Sources, span: Span) -> Origin {
    let source = sources.get(span.source);
    Origin::File { path: source.path.clone(), line: source.line_column(span.start).0 }
}
