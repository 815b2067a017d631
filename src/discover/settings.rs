//! The settings of one folder: its `alembic.ini` and its `pyproject.toml`, in the order that Alembic asks them.

use super::{
    checkout::{Checkout, join},
    ini::{Ini, Section},
    pyproject::Pyproject,
};
use crate::{
    fault::Fault,
    source::{SourceId, Sources, Span},
};
use miette::Result;
use std::ops::Range;

/// The files of one folder.
#[derive(Debug)]
pub(super) struct Origin {
    /// The folder.
    pub(super) folder: String,
    pub(super) ini: Option<(SourceId, Ini)>,
    toml: Option<(SourceId, Pyproject)>,
    here: String,
}

/// What one section comes to.
#[derive(Clone, Debug, Default)]
pub(super) struct Settings {
    /// `script_location`, and where it is written.
    pub(super) script_location: Option<(String, Span)>,
    /// `version_locations`; empty: `versions` of the script folder.
    pub(super) version_locations: Vec<String>,
    pub(super) recursive: bool,
    pub(super) sourceless: bool,
    pub(super) file_template: Option<(String, Span)>,
    pub(super) truncate_slug_length: Option<usize>,
    pub(super) prepend: Vec<String>,
    /// `sqlalchemy.url`; one that refers to what only `env.py` sets is none.
    pub(super) url: Option<(String, Span)>,
    /// `databases`, which the `multidb` template reads.
    pub(super) databases: Option<String>,
}

/// A fault, and in which file.
type Placed<T> = std::result::Result<T, (SourceId, Fault)>;

impl Origin {
    /// Reads the files of a folder; `None` where neither has anything to say.
    ///
    /// # Errors
    /// One of them cannot be read, or not by the parser that Alembic uses.
    pub(super) fn read(checkout: &Checkout, sources: &Sources, folder: &str) -> Result<Option<Self>> {
        let here = checkout.absolute(folder).to_string_lossy().replace('\\', "/");
        let mut origin = Self { folder: folder.to_owned(), ini: None, toml: None, here };
        let path = join(folder, "alembic.ini");
        if let Some(id) = checkout.source(sources, &path)? {
            let text = &sources.get(id).text;
            let ini = Ini::parse(text).map_err(|fault| fault.report(&checkout.shown(&path), text))?;
            origin.ini = Some((id, ini));
        }
        let path = join(folder, "pyproject.toml");
        if let Some(id) = checkout.source(sources, &path)? {
            let text = &sources.get(id).text;
            let toml = Pyproject::parse(text).map_err(|fault| fault.report(&checkout.shown(&path), text))?;
            origin.toml = toml.map(|toml| (id, toml));
        }
        Ok(if origin.ini.is_some() || origin.toml.is_some() { Some(origin) } else { None })
    }

    /// The sections that stand for a history of their own: `alembic` (which may be missing where the pyproject.toml
    /// says everything), then those with a `script_location` of their own.
    pub(super) fn sections(&self) -> Vec<String> {
        let mut names = vec!["alembic".to_owned()];
        if let Some((_, ini)) = &self.ini {
            let own = ini.sections.iter().filter(|it| it.name != "alembic" && it.has_own("script_location"));
            names.extend(own.map(|section| section.name.clone()));
        }
        names
    }

    /// The settings of a section, as `Config` and `ScriptDirectory.from_config` ask for them: the ini file first
    /// (with its `[DEFAULT]`), then the pyproject.toml, whichever section it is.
    ///
    /// # Errors
    /// A value that Alembic refuses.
    pub(super) fn settings(&self, checkout: &Checkout, sources: &Sources, section: &str) -> Result<Settings> {
        self.read_section(section).map_err(|(id, fault)| {
            let source = sources.get(id);
            fault.report(&checkout.shown(&source.path), &source.text)
        })
    }

    fn read_section(&self, section: &str) -> Placed<Settings> {
        Ok(Settings {
            script_location: self.text(section, "script_location")?,
            version_locations: self.locations(section)?,
            recursive: self.boolean(section, "recursive_version_locations")?,
            sourceless: self.boolean(section, "sourceless")?,
            file_template: self.text(section, "file_template")?,
            truncate_slug_length: self.number(section, "truncate_slug_length")?,
            prepend: self.prepend(section)?,
            url: self.text(section, "sqlalchemy.url").ok().flatten(),
            databases: self.text(section, "databases").ok().flatten().map(|(text, _)| text),
        })
    }

    fn section(&self, name: &str) -> Option<(SourceId, &Ini, &Section)> {
        let (id, ini) = self.ini.as_ref()?;
        Some((*id, ini, ini.section(name)?))
    }

    fn ini_value(&self, section: &str, key: &str) -> Placed<Option<(String, SourceId, Range<usize>)>> {
        let Some((id, ini, section)) = self.section(section) else { return Ok(None) };
        let value = ini.get(section, key, &self.here).map_err(|fault| (id, fault))?;
        Ok(value.map(|value| (value.text, id, value.range)))
    }

    fn text(&self, section: &str, key: &str) -> Placed<Option<(String, Span)>> {
        if let Some((text, id, range)) = self.ini_value(section, key)? {
            return Ok(Some((text, span(id, &range))));
        }
        let Some((id, toml)) = &self.toml else { return Ok(None) };
        let value = toml.text(key, &self.here).map_err(|fault| (*id, fault))?;
        Ok(value.map(|(text, range)| (text, span(*id, &range))))
    }

    fn boolean(&self, section: &str, key: &str) -> Placed<bool> {
        if let Some((text, ..)) = self.ini_value(section, key)? {
            return Ok(text == "true");
        }
        let Some((id, toml)) = &self.toml else { return Ok(false) };
        toml.boolean(key).map_err(|fault| (*id, fault))
    }

    fn number(&self, section: &str, key: &str) -> Placed<Option<usize>> {
        if let Some((text, id, range)) = self.ini_value(section, key)? {
            let number = text.trim().parse().map_err(|_| (id, Fault::new(range, format!("`{key}` is not a number"))));
            return number.map(Some);
        }
        let Some((id, toml)) = &self.toml else { return Ok(None) };
        toml.number(key).map_err(|fault| (*id, fault))
    }

    /// `Config.get_version_locations_list`: an empty value of the ini file counts as none.
    fn locations(&self, section: &str) -> Placed<Vec<String>> {
        let key = "version_locations";
        if let Some((text, ..)) = self.ini_value(section, key)?.filter(|(text, ..)| !text.is_empty()) {
            let separator = self.separator(section, &["path_separator", "version_path_separator"])?;
            return Ok(split(&text, separator, false));
        }
        self.texts(key)
    }

    /// `Config.get_prepend_sys_paths_list`.
    fn prepend(&self, section: &str) -> Placed<Vec<String>> {
        let key = "prepend_sys_path";
        if let Some((text, ..)) = self.ini_value(section, key)?.filter(|(text, ..)| !text.is_empty()) {
            let separator = self.separator(section, &["path_separator"])?;
            return Ok(split(&text, separator, true));
        }
        self.texts(key)
    }

    fn texts(&self, key: &str) -> Placed<Vec<String>> {
        let Some((id, toml)) = &self.toml else { return Ok(Vec::new()) };
        Ok(toml.texts(key, &self.here).map_err(|fault| (*id, fault))?.unwrap_or_default())
    }

    /// `Config._get_file_separator_char`: the first of the keys that is there decides; `None`: none is.
    fn separator(&self, section: &str, keys: &[&str]) -> Placed<Option<char>> {
        for key in keys {
            let Some((text, id, range)) = self.ini_value(section, key)? else { continue };
            return match text.as_str() {
                "space" => Ok(Some(' ')),
                "newline" => Ok(Some('\n')),
                "os" => Ok(Some(if cfg!(windows) { ';' } else { ':' })),
                ":" => Ok(Some(':')),
                ";" => Ok(Some(';')),
                _ => Err((
                    id,
                    Fault::new(range, format!("Alembic knows no `{key}` of this name"))
                        .with_help("it is `space`, `newline`, `os`, `:` or `;`, and no comment may follow on the line"),
                )),
            };
        }
        Ok(None)
    }
}

/// Splits a list of paths. Without a separator Alembic falls back to `, *|(?: +)`, and for `prepend_sys_path` to
/// colons too. Empty parts name nothing that is worth a look.
fn split(text: &str, separator: Option<char>, colons: bool) -> Vec<String> {
    let parts: Vec<&str> = match separator {
        Some(separator) => text.split(separator).map(str::trim).collect(),
        None => text.split(|it| it == ',' || it == ' ' || colons && it == ':').collect(),
    };
    parts.into_iter().filter(|part| !part.is_empty()).map(str::to_owned).collect()
}

/// Files are limited far below 4 GiB.
pub(super) fn span(source: SourceId, range: &Range<usize>) -> Span {
    let offset = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
    Span { source, start: offset(range.start), end: offset(range.end) }
}

#[cfg(test)]
mod tests {
    use super::split;

    #[test]
    fn every_separator_splits_as_alembic_does() {
        assert_eq!(split("a, b  c,d", None, false), ["a", "b", "c", "d"]);
        assert_eq!(split("a:b", None, false), ["a:b"]);
        assert_eq!(split("a:b", None, true), ["a", "b"]);
        assert_eq!(split("\na b\n c\n", Some('\n'), false), ["a b", "c"]);
        assert_eq!(split("a: b", Some(':'), false), ["a", "b"]);
        assert_eq!(split("a,b", Some(' '), false), ["a,b"]);
    }
}
