//! Which versions of which packages a project runs with, by its lock files and requirements.
//!
//! The files are those that tools write, one entry in a fixed form, so that they are read by lines; only the newest
//! of several versions of one package counts (a lock file may hold one for each platform).

use super::checkout::{Checkout, ancestors, join};
use crate::environment::Origin;
use std::collections::BTreeMap;

/// The packages that are looked for, under their normalized names.
const PACKAGES: [&str; 9] = [
    "sqlalchemy",
    "alembic",
    "psycopg2",
    "psycopg2-binary",
    "psycopg2cffi",
    "psycopg",
    "psycopg-binary",
    "asyncpg",
    "pg8000",
];
/// The largest lock file that is read, in bytes: those of large projects are above the limit for source texts.
const MAX_LOCK_BYTES: u64 = 32 * 1024 * 1024;
/// Files that tools write, in the order in which they are believed.
const LOCKS: [&str; 5] = ["uv.lock", "poetry.lock", "pdm.lock", "pylock.toml", "Pipfile.lock"];
/// Parts of the names of requirements that are not those of the application.
const ASIDE: [&str; 9] = ["dev", "test", "lint", "doc", "check", "type", "format", "ci", "cover"];

/// What a file pins.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pins {
    /// The file, relative to the root.
    path: String,
    /// The version of each package that is pinned, and its line.
    found: BTreeMap<&'static str, (String, u32)>,
}

impl Pins {
    /// The nearest file, from a folder upwards, that says which SQLAlchemy it is: a lock file or requirements that
    /// pin it, else bounds that decide between 2.0 and 2.1. Empty where none does.
    #[must_use]
    pub fn nearest(checkout: &Checkout, folder: &str) -> Self {
        let folders = ancestors(folder);
        let locked = folders.iter().flat_map(|it| files(checkout, it)).find_map(|path| {
            let pins = Self { found: pinned(&path, &checkout.text_within(&path, MAX_LOCK_BYTES)?), path };
            pins.found.contains_key("sqlalchemy").then_some(pins)
        });
        let bounded = || {
            let paths = folders.iter().flat_map(|it| bounds_files(checkout, it));
            paths.into_iter().find_map(|path| {
                let found = bounded(&checkout.text_within(&path, MAX_LOCK_BYTES)?)?;
                Some(Self { path, found: BTreeMap::from([("sqlalchemy", found)]) })
            })
        };
        locked.or_else(bounded).unwrap_or_default()
    }

    /// The major and minor version of a package, and where it is said.
    #[must_use]
    pub fn version(&self, package: &str) -> Option<((u32, u32), Origin)> {
        let (version, line) = self.found.get(package)?;
        Some((numbers(version)?, Origin::File { path: self.path.clone(), line: *line }))
    }
}

/// The lock files and requirements of a folder, in the order in which they are believed.
fn files(checkout: &Checkout, folder: &str) -> Vec<String> {
    let mut all: Vec<String> = LOCKS.iter().map(|name| join(folder, name)).collect();
    all.extend(requirements(checkout, folder, ".txt"));
    all.retain(|path| checkout.is_file(path));
    all
}

fn bounds_files(checkout: &Checkout, folder: &str) -> Vec<String> {
    let mut all = vec![join(folder, "pyproject.toml"), join(folder, "setup.cfg")];
    all.extend(requirements(checkout, folder, ".in"));
    all.extend(requirements(checkout, folder, ".txt"));
    all.retain(|path| checkout.is_file(path));
    all
}

/// `requirements*.txt`, then all of `requirements/`; those of tests and tools last.
fn requirements(checkout: &Checkout, folder: &str, ending: &str) -> Vec<String> {
    let inner = join(folder, "requirements");
    let here = checkout.names(folder).into_iter().filter(|name| name.starts_with("requirements"));
    let mut all: Vec<(bool, bool, String)> = here
        .map(|name| (false, join(folder, &name), name))
        .chain(checkout.names(&inner).into_iter().map(|name| (true, join(&inner, &name), name)))
        .filter(|(_, _, name)| name.ends_with(ending))
        .map(|(inside, path, name)| (ASIDE.iter().any(|it| name.contains(it)), inside, path))
        .collect();
    all.sort();
    all.into_iter().map(|(_, _, path)| path).collect()
}

/// The packages that a file pins.
fn pinned(path: &str, text: &str) -> BTreeMap<&'static str, (String, u32)> {
    let mut found: BTreeMap<&'static str, (String, u32)> = BTreeMap::new();
    let mut note = |name: &str, version: &str, line: u32| {
        let Some(known) = known(name).filter(|_| numbers(version).is_some()) else { return };
        let newer = found.get(known).is_none_or(|(it, _)| release(it) < release(version));
        if newer {
            found.insert(known, (version.to_owned(), line));
        }
    };
    let lines = text.lines().map(str::trim).zip(1..);
    if path.ends_with("Pipfile.lock") {
        of_pipfile(lines, &mut note);
    } else if extension(path) == "txt" {
        for (line, number) in lines {
            if let Some((name, pins)) = requirement(line)
                && let Some(version) = pins.strip_prefix("===").or_else(|| pins.strip_prefix("=="))
                && !version.contains(['*', ','])
            {
                note(name, version.trim(), number);
            }
        }
    } else {
        of_toml(lines, &mut note);
    }
    found
}

fn extension(path: &str) -> &str {
    path.rsplit_once('.').map_or("", |(_, extension)| extension)
}

/// `name = "…"` and then `version = "…"` of one table.
fn of_toml<'a>(lines: impl Iterator<Item = (&'a str, u32)>, note: &mut dyn FnMut(&str, &str, u32)) {
    let mut name = None;
    for (line, number) in lines {
        let value =
            |key: &str| line.strip_prefix(key)?.trim_start().strip_prefix('=').map(|it| it.trim().trim_matches('"'));
        if line.starts_with('[') {
            name = None;
        } else if let Some(value) = value("name") {
            name = Some(value);
        } else if let (Some(name), Some(version)) = (name, value("version")) {
            note(name, version, number);
        }
    }
}

/// `"name": {` and then `"version": "==…"`.
fn of_pipfile<'a>(lines: impl Iterator<Item = (&'a str, u32)>, note: &mut dyn FnMut(&str, &str, u32)) {
    let mut name = None;
    for (line, number) in lines {
        if let Some(opened) = line.strip_suffix(": {") {
            name = Some(opened.trim_matches('"'));
        } else if let Some(value) = line.strip_prefix("\"version\":")
            && let Some(name) = name
        {
            note(name, value.trim().trim_end_matches(',').trim_matches('"').trim_start_matches('='), number);
        } else if line.starts_with('}') {
            name = None;
        }
    }
}

/// `SQLAlchemy[asyncio] >=2.0,<2.1 ; marker`: the name, and the rest without blanks, markers and hashes.
fn requirement(line: &str) -> Option<(&str, &str)> {
    let line = line.split(" #").next().unwrap_or(line);
    let line = line.split(';').next().unwrap_or(line).trim().trim_end_matches('\\').trim();
    let line = line.split(" --").next().unwrap_or(line).trim();
    let end = line.find(|it: char| !(it.is_ascii_alphanumeric() || "-_.".contains(it))).unwrap_or(line.len());
    let (name, rest) = line.split_at(end);
    let rest = match rest.trim_start().strip_prefix('[') {
        Some(extras) => extras.split_once(']')?.1,
        None => rest,
    };
    (!name.is_empty()).then_some((name, rest.trim()))
}

/// The bounds of SQLAlchemy in a text, where they leave one minor version only: as that version, and the line.
fn bounded(text: &str) -> Option<(String, u32)> {
    text.lines().zip(1..).find_map(|(line, number)| {
        let line = line.trim();
        // `SQLAlchemy = "~2.0.3"` and `sqlalchemy = {version = "~2.0"}` are Poetry's; the others are PEP 508's.
        let poetry = line.split_once('=').filter(|(name, _)| known(name.trim()) == Some("sqlalchemy"));
        if let Some((_, value)) = poetry.filter(|(_, value)| value.trim_start().starts_with(['"', '\'', '{'])) {
            let value = value.split_once("version").map_or(value, |(_, after)| after);
            let quoted = value.split(['"', '\'']).nth(1)?;
            return Some((decided(quoted)?, number));
        }
        let line = line.trim_matches(|it: char| it.is_whitespace() || "\"',".contains(it));
        let line = line.rsplit(['"', '\'']).find(|part| part.to_lowercase().starts_with("sqlalchemy")).unwrap_or(line);
        let (name, bounds) = requirement(line)?;
        (known(name) == Some("sqlalchemy")).then(|| decided(bounds)).flatten().map(|version| (version, number))
    })
}

/// The minor version that bounds leave, if it is one before 2.1.
fn decided(bounds: &str) -> Option<String> {
    bounds.split(',').map(str::trim).find_map(|bound| {
        let end = bound.find(|it: char| it.is_ascii_digit())?;
        let (operator, version) = bound.split_at(end);
        let parts = release(version);
        let (major, minor) = (*parts.first()?, parts.get(1).copied().unwrap_or(0));
        let exact = parts.len() > 2 || version.ends_with(".*") && parts.len() == 2;
        let last = match operator.trim() {
            // What is below 2.1 may be 2.0, what is below 2.0 is older.
            "<" if parts.get(2).is_none_or(|it| *it == 0) => match (major, minor) {
                (2, 1) => (2, 0),
                (2, 0) => (1, 4),
                _ => return None,
            },
            "<" | "<=" if parts.len() > 1 => (major, minor),
            "~=" | "==" | "===" if exact => (major, minor),
            // Poetry's own: `~2.0`, `2.0.*`, a version alone.
            "~" if parts.len() > 1 => (major, minor),
            "" if exact => (major, minor),
            _ => return None,
        };
        (last < (2, 1)).then(|| format!("{}.{}", last.0, last.1))
    })
}

/// The package under its normalized name, if it is one of those that are looked for.
fn known(name: &str) -> Option<&'static str> {
    let normal = name.trim_matches('"').to_lowercase().replace(['_', '.'], "-");
    PACKAGES.into_iter().find(|it| *it == normal)
}

/// The numbers of a version, up to what is no number: those of `2.1.0b1` are 2, 1 and 0.
fn release(version: &str) -> Vec<u32> {
    let numbers = version.split('.').map_while(|part| {
        let digits = part.bytes().take_while(u8::is_ascii_digit).count();
        part[..digits].parse().ok()
    });
    numbers.collect()
}

fn numbers(version: &str) -> Option<(u32, u32)> {
    match release(version)[..] {
        [major, minor, ..] => Some((major, minor)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::{bounded, decided, pinned};

    fn told(path: &str, text: &str) -> Vec<String> {
        pinned(path, text).into_iter().map(|(name, (version, line))| format!("{name} {version} {line}")).collect()
    }

    #[test]
    fn every_lock_file_is_read() {
        let uv = "version = 1\n[[package]]\nname = \"sqlalchemy\"\nversion = \"2.0.9\"\n[[package]]\n\
                  name = \"sqlalchemy\"\nversion = \"2.0.51\"\ndependencies = [\n    { name = \"greenlet\" },\n]\n\
                  [[package]]\nname = \"sqlalchemy-utils\"\nversion = \"0.41\"\n[[package]]\nname = \"root\"\n\
                  source = { editable = \".\" }\n[package.metadata]\nversion = \"3.0\"\n";
        assert_eq!(told("uv.lock", uv), ["sqlalchemy 2.0.51 7"]);
        let pipfile = "{\n  \"default\": {\n    \"alembic\": {\n      \"hashes\": [\n        \"x\"\n      ],\n      \
                       \"version\": \"==1.13.1\"\n    },\n    \"sqlalchemy\": {\n      \"version\": \"==1.4.52\"\n    }\n  }\n}\n";
        assert_eq!(told("Pipfile.lock", pipfile), ["alembic 1.13.1 7", "sqlalchemy 1.4.52 10"]);
        let txt = "# sqlalchemy==1.0\nSQLAlchemy[asyncio]==2.0.51 ; python_version > '3' \\\n    --hash=sha256:0\n\
                   psycopg2_binary == 2.9.10\nasyncpg>=0.29\nalembic===1.18.5 --hash=x\n";
        assert_eq!(told("r.txt", txt), ["alembic 1.18.5 6", "psycopg2-binary 2.9.10 4", "sqlalchemy 2.0.51 2"]);
    }

    #[test]
    fn bounds_count_where_they_decide() {
        for (bounds, version) in [
            (">=2.0,<2.1", Some("2.0")),
            ("~=2.0.30", Some("2.0")),
            ("==2.0.*", Some("2.0")),
            ("<2", Some("1.4")),
            (">=1.4,<2.0", Some("1.4")),
            ("==1.3.24", Some("1.3")),
            ("~2.0", Some("2.0")),
            ("<=2.0.30", Some("2.0")),
            ("~=2.0", None),
            ("^2.0.3", None),
            (">=2.0.0", None),
            (">=2.0,<3", None),
            ("", None),
            ("*", None),
            ("==2.1.3", None),
        ] {
            assert_eq!(decided(bounds).as_deref(), version, "{bounds}");
        }
        for (text, line) in [
            ("[project]\ndependencies = [\n    \"sqlalchemy[asyncio]~=2.0.30\",\n]\n", Some(3)),
            ("dependencies = [\"fastapi\", \"SQLAlchemy<2.1\"]\n", Some(1)),
            ("[tool.poetry.dependencies]\nSQLAlchemy = \"~2.0.3\"\n", Some(2)),
            ("sqlalchemy = {version = \"~2.0\", extras = [\"asyncio\"]}\n", Some(1)),
            ("install_requires =\n    sqlalchemy >=1.4, <2.0\n", Some(2)),
            ("dependencies = [\"sqlalchemy-utils<2\", \"sqlalchemy>=2\"]\n", None),
        ] {
            assert_eq!(bounded(text).map(|(_, line)| line), line, "{text}");
        }
    }
}
