//! The keys of the configuration: the one table that the reader and the schema are made from.

use super::{
    Config,
    values::{Read, Reader, Value},
};
use crate::fault::Fault;

/// One key.
pub(super) struct Key {
    /// Its name.
    pub(super) name: &'static str,
    /// What it is for: one sentence, also the schema's description.
    pub(super) doc: &'static str,
    /// What its value looks like.
    pub(super) shape: Shape,
    /// Takes the value over.
    pub(super) read: fn(&mut Config, &Reader<'_>, &Value<'_>) -> Read<()>,
}

/// What a value looks like, for the schema.
#[derive(Clone, Copy)]
pub(super) enum Shape {
    /// A list of rules and groups.
    Rules,
    /// A list of strings.
    Texts,
    /// A list of tables.
    Tables,
    /// A string.
    Text,
    /// A major version of PostgreSQL.
    Postgres,
    /// The name of a driver.
    Driver,
    /// A major and a minor version.
    Version,
    /// Rule or group = severity.
    Severities,
    /// Glob = list of rules and groups.
    RulesByGlob,
    /// Dotted name = literal, nested at will.
    Literals,
    /// Dotted name = string, nested at will.
    Names,
    /// Tables, each a rule of the project's own.
    Custom,
}

/// Every key, in the order of the manual.
pub(super) static KEYS: &[Key] = &[
    Key {
        name: "select",
        doc: "Only these rules or groups of rules are applied",
        shape: Shape::Rules,
        read: |config, reader, value| {
            config.policy.select = Some(reader.rules(value)?);
            Ok(())
        },
    },
    Key {
        name: "ignore",
        doc: "These rules or groups of rules are not applied",
        shape: Shape::Rules,
        read: |config, reader, value| {
            config.policy.ignore.extend(reader.rules(value)?);
            Ok(())
        },
    },
    Key {
        name: "severity",
        doc: "The severity of a rule, or of a group of rules, in place of its own",
        shape: Shape::Severities,
        read: |config, reader, value| {
            for (rule, severity) in reader.severities(value)? {
                match severity {
                    Some(severity) => {
                        config.policy.severity.insert(rule, severity);
                    }
                    None => {
                        config.policy.ignore.insert(rule);
                    }
                }
            }
            Ok(())
        },
    },
    Key {
        name: "postgres",
        doc: "The lowest major version of PostgreSQL that the history is run on",
        shape: Shape::Postgres,
        read: |config, reader, value| {
            config.policy.target.postgres = reader.postgres(value)?;
            config.policy.target.postgres_told = true;
            Ok(())
        },
    },
    Key {
        name: "sqlalchemy",
        doc: "The version of SQLAlchemy that the history is run with, in place of what the project's files say",
        shape: Shape::Version,
        read: |config, reader, value| {
            config.sqlalchemy = Some(reader.version(value)?);
            Ok(())
        },
    },
    Key {
        name: "driver",
        doc: "The package that connects to PostgreSQL, in place of what the project's files say",
        shape: Shape::Driver,
        read: |config, reader, value| {
            config.driver = Some(reader.driver(value)?);
            Ok(())
        },
    },
    Key {
        name: "since",
        doc: "A revision: only what is neither it nor its ancestor is reported on",
        shape: Shape::Text,
        read: |config, reader, value| {
            let since = reader.text(value)?;
            if since.trim().is_empty() {
                return Err(Fault::new(value.span(), "an empty text names no revision"));
            }
            config.policy.target.since = Some(since);
            Ok(())
        },
    },
    Key {
        name: "exclude",
        doc: "Globs, relative to this file's folder: files that are not reported on, folders that are not searched",
        shape: Shape::Texts,
        read: |config, reader, value| {
            config.exclude = reader.globs(value)?;
            Ok(())
        },
    },
    Key {
        name: "per-file-ignores",
        doc: "Rules or groups of rules that are not applied in the files that a glob matches",
        shape: Shape::RulesByGlob,
        read: |config, reader, value| {
            for (glob, rules) in reader.table(value)? {
                let rules = reader.rules(rules)?;
                for matcher in reader.glob(glob.get_ref(), &glob.span())? {
                    config.policy.per_file_ignores.push((matcher, rules.clone()));
                }
            }
            Ok(())
        },
    },
    Key {
        name: "baseline",
        doc: "The file of accepted findings that `limbeck baseline` writes; relative to where limbeck is started",
        shape: Shape::Text,
        read: |config, reader, value| {
            config.baseline = Some(reader.text(value)?.into());
            Ok(())
        },
    },
    Key {
        name: "schema-dump",
        doc: "The schema that the first revision finds, as `pg_dump --schema-only` writes it, relative to this file's \
              folder; `FILE@REVISION`: the schema that this revision leaves. What is not in it is not there",
        shape: Shape::Text,
        read: |config, reader, value| {
            let text = reader.text(value)?;
            let (file, behind) = match text.rsplit_once('@') {
                Some((file, revision)) => (file, Some(revision.to_owned())),
                None => (text.as_str(), None),
            };
            config.schema_dump = Some((crate::discover::join(reader.folder, file), behind));
            Ok(())
        },
    },
    Key {
        name: "schemas",
        doc: "The schemas of the project, one of which every table names",
        shape: Shape::Texts,
        read: |config, reader, value| {
            config.policy.target.schemas = reader.texts(value)?.into_iter().map(|(name, _)| name).collect();
            Ok(())
        },
    },
    Key {
        name: "hot",
        doc: "Tables, with their schema where it is not `public`, on which no lock is harmless",
        shape: Shape::Tables,
        read: |config, reader, value| {
            config.policy.target.hot = reader.names_of_tables(value)?;
            Ok(())
        },
    },
    Key {
        name: "small",
        doc: "Tables that stay small: that all their rows are read or written under a lock is but noted",
        shape: Shape::Tables,
        read: |config, reader, value| {
            config.policy.target.small = reader.names_of_tables(value)?;
            Ok(())
        },
    },
    Key {
        name: "assume",
        doc: "The values of Python names, such as settings, that decide what a revision does",
        shape: Shape::Literals,
        read: |config, reader, value| {
            config.assume = reader.literals(value)?;
            Ok(())
        },
    },
    Key {
        name: "types",
        doc: "The SQL types of Python names, such as column types of the project's own",
        shape: Shape::Names,
        read: |config, reader, value| {
            config.types = reader.names(value)?;
            Ok(())
        },
    },
    Key {
        name: "custom",
        doc: "Rules of the project's own, each a table of patterns for what a statement does (`docs/custom-rules.md`)",
        shape: Shape::Custom,
        // It is read before all others, which may name its rules.
        read: |_, _, _| Ok(()),
    },
];
