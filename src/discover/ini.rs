//! `alembic.ini` as Python's `ConfigParser` reads it, keeping the place of every section and value.
//!
//! The rules are those of `configparser.RawConfigParser._read` with the settings that Alembic leaves at their
//! defaults: `=` and `:`, whole-line comments with `#` and `;`, no comments after a value, blank lines inside a
//! value, `BasicInterpolation`, `strict`.

use crate::fault::Fault;
use std::{collections::BTreeMap, ops::Range};

/// How deep `%(x)s` may refer to values that refer on (`configparser.MAX_INTERPOLATION_DEPTH`).
const MAX_DEPTH: usize = 10;
/// How long a value may become: references can multiply.
const MAX_LENGTH: usize = 64 * 1024;
/// How many percent signs are looked at for one value, for the same reason.
const MAX_STEPS: usize = 10_000;

/// A file's sections, in its order.
#[derive(Debug, Default)]
pub(super) struct Ini {
    /// `[DEFAULT]`: seen from every section.
    defaults: BTreeMap<String, Value>,
    /// The others.
    pub(super) sections: Vec<Section>,
}

/// `[name]` and what is under it.
#[derive(Debug)]
pub(super) struct Section {
    /// The name, exactly as between the brackets.
    pub(super) name: String,
    /// The header's bytes, brackets included.
    pub(super) range: Range<usize>,
    /// Values by key in lower case.
    values: BTreeMap<String, Value>,
}

impl Section {
    /// The key stands in this very section, not in `[DEFAULT]`.
    pub(super) fn has_own(&self, key: &str) -> bool {
        self.values.contains_key(key)
    }
}

/// A value and where it is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Value {
    /// The lines, stripped and joined with line feeds.
    pub(super) text: String,
    /// From its first byte to its last; the key where the value is empty.
    pub(super) range: Range<usize>,
}

impl Ini {
    /// Reads a file, or says at which line `ConfigParser` refuses it.
    pub(super) fn parse(text: &str) -> Result<Self, Fault> {
        let mut parser = Parser::default();
        let mut start = 0;
        while start < text.len() {
            let rest = text.get(start..).unwrap_or("");
            let (line, next) = split_line(rest);
            parser.line(line, start)?;
            start += next;
        }
        parser.close();
        Ok(parser.ini)
    }

    /// The section of this exact name.
    pub(super) fn section(&self, name: &str) -> Option<&Section> {
        self.sections.iter().find(|section| section.name == name)
    }

    /// A value as `ConfigParser.get` gives it, with its `%(…)s` replaced; `None` where neither the section nor
    /// `[DEFAULT]` has it. `here` is the folder of the file.
    pub(super) fn get(&self, section: &Section, key: &str, here: &str) -> Result<Option<Value>, Fault> {
        let Some(value) = section.values.get(key).or_else(|| self.defaults.get(key)) else { return Ok(None) };
        let mut out = Expansion { text: String::new(), steps: MAX_STEPS };
        self.interpolate(section, &value.text, here, 1, &mut out)
            .map_err(|message| Fault::new(value.range.clone(), message))?;
        Ok(Some(Value { text: out.text, range: value.range.clone() }))
    }

    fn interpolate(
        &self,
        section: &Section,
        raw: &str,
        here: &str,
        depth: usize,
        out: &mut Expansion,
    ) -> Result<(), String> {
        let mut rest = raw;
        while let Some(at) = rest.find('%') {
            out.steps = out.steps.saturating_sub(1);
            if depth > MAX_DEPTH || out.steps == 0 || out.text.len() > MAX_LENGTH {
                return Err("`%(…)s` refers to itself or goes too deep".to_owned());
            }
            out.text.push_str(rest.get(..at).unwrap_or(""));
            rest = rest.get(at..).unwrap_or("");
            if let Some(after) = rest.strip_prefix("%%") {
                out.text.push('%');
                rest = after;
                continue;
            }
            let Some(after) = rest.strip_prefix("%(") else {
                return Err("`%` is followed by neither `%` nor `(`; a plain percent sign is written `%%`".to_owned());
            };
            let Some((name, tail)) = after.split_once(")s").filter(|(name, _)| !name.is_empty() && !name.contains(')'))
            else {
                return Err("`%(` is not closed by `)s`".to_owned());
            };
            rest = tail;
            let key = name.to_lowercase();
            match section.values.get(&key).or_else(|| self.defaults.get(&key)) {
                Some(value) if value.text.contains('%') => {
                    self.interpolate(section, &value.text, here, depth + 1, out)?;
                }
                Some(value) => out.text.push_str(&value.text),
                None if key == "here" => out.text.push_str(here),
                None => return Err(format!("`%({name})s` names a key that is not there")),
            }
        }
        out.text.push_str(rest);
        Ok(())
    }
}

/// A value in the making, and how much work it may still be.
struct Expansion {
    text: String,
    steps: usize,
}

/// The first line without its end, and where the next one starts; `\r`, `\n` and `\r\n` all end a line.
fn split_line(rest: &str) -> (&str, usize) {
    let Some(end) = rest.find(['\n', '\r']) else { return (rest, rest.len()) };
    let tail = rest.get(end..).unwrap_or("");
    (rest.get(..end).unwrap_or(""), end + if tail.starts_with("\r\n") { 2 } else { 1 })
}

/// Where the next line belongs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Into {
    #[default]
    Nowhere,
    Defaults,
    Section(usize),
}

#[derive(Debug, Default)]
struct Parser {
    ini: Ini,
    place: Into,
    /// The key whose value may go on, its lines so far, and its bytes.
    open: Option<(String, Vec<String>, Range<usize>)>,
    indent: usize,
}

impl Parser {
    fn line(&mut self, line: &str, start: usize) -> Result<(), Fault> {
        let value = line.trim();
        if value.is_empty() {
            if let Some((_, lines, _)) = &mut self.open {
                lines.push(String::new());
            }
            return Ok(());
        }
        if value.starts_with(['#', ';']) {
            return Ok(());
        }
        let lead = line.len() - line.trim_start().len();
        let range = start + lead..start + lead + value.len();
        let indent = line.chars().take_while(|it| it.is_whitespace()).count();
        if let Some((_, lines, bytes)) = &mut self.open
            && indent > self.indent
        {
            lines.push(value.to_owned());
            bytes.end = range.end;
            return Ok(());
        }
        self.indent = indent;
        self.close();
        match header(value) {
            Some(name) => self.section(name, range),
            None if self.place == Into::Nowhere => {
                Err(Fault::new(range, "there is no `[section]` line before this one"))
            }
            None => self.option(value, range),
        }
    }

    fn section(&mut self, name: &str, range: Range<usize>) -> Result<(), Fault> {
        if name == "DEFAULT" {
            self.place = Into::Defaults;
            return Ok(());
        }
        if self.ini.section(name).is_some() {
            return Err(Fault::new(range, format!("section `{name}` is there twice")));
        }
        let range = range.start..range.start + name.len() + 2;
        self.ini.sections.push(Section { name: name.to_owned(), range, values: BTreeMap::new() });
        self.place = Into::Section(self.ini.sections.len() - 1);
        Ok(())
    }

    fn option(&mut self, value: &str, range: Range<usize>) -> Result<(), Fault> {
        let Some((key, text)) = value.split_once(['=', ':']) else {
            return Err(Fault::new(range, "this line is neither `key = value` nor a `[section]`"));
        };
        let key = key.trim_end().to_lowercase();
        if key.is_empty() {
            return Err(Fault::new(range, "there is no key before the `=`"));
        }
        if self.values().is_some_and(|values| values.contains_key(&key)) {
            return Err(Fault::new(range, format!("key `{key}` is there twice in one section")));
        }
        let text = text.trim();
        let bytes = if text.is_empty() { range } else { range.end - text.len()..range.end };
        self.open = Some((key, vec![text.to_owned()], bytes));
        // A key is taken as soon as it is read, as a later line of the same section may repeat it.
        self.store();
        Ok(())
    }

    fn values(&mut self) -> Option<&mut BTreeMap<String, Value>> {
        match self.place {
            Into::Nowhere => None,
            Into::Defaults => Some(&mut self.ini.defaults),
            Into::Section(index) => self.ini.sections.get_mut(index).map(|section| &mut section.values),
        }
    }

    fn store(&mut self) {
        let Some((key, lines, range)) = self.open.clone() else { return };
        let text = lines.join("\n").trim_end().to_owned();
        if let Some(values) = self.values() {
            values.insert(key, Value { text, range });
        }
    }

    fn close(&mut self) {
        self.store();
        self.open = None;
    }
}

/// The name in `[name]…`: greedy up to the last bracket, whatever follows it.
fn header(value: &str) -> Option<&str> {
    let inner = value.strip_prefix('[')?;
    inner.get(..inner.rfind(']')?).filter(|name| !name.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn get(text: &str, section: &str, key: &str) -> Option<String> {
        let ini = Ini::parse(text).unwrap();
        ini.get(ini.section(section).unwrap(), key, "/here").unwrap().map(|value| value.text)
    }

    fn fault(text: &str) -> (String, usize) {
        let fault = Ini::parse(text).unwrap_err();
        (fault.message, fault.range.start)
    }

    #[test]
    fn values_are_those_of_configparser() {
        let text = "# c\n[DEFAULT]\nroot = %(here)s/db\n[alembic] # main\nA = 1 ; not a comment\nb : 2\n\
                    c =\n  x\n  # dropped\n\n  y\n\nd=%(ROOT)s/%%d\n";
        assert_eq!(get(text, "alembic", "a").as_deref(), Some("1 ; not a comment"));
        assert_eq!(get(text, "alembic", "b").as_deref(), Some("2"));
        assert_eq!(get(text, "alembic", "c").as_deref(), Some("\nx\n\ny"));
        assert_eq!(get(text, "alembic", "d").as_deref(), Some("/here/db/%d"));
        assert_eq!(get(text, "alembic", "e"), None);
    }

    #[test]
    fn places_are_kept() {
        let text = "[alembic]\r\nscript_location =  a b  \r\n";
        let ini = Ini::parse(text).unwrap();
        let section = ini.section("alembic").unwrap();
        let value = ini.get(section, "script_location", "").unwrap().unwrap();
        assert_eq!(&text[value.range], "a b");
        assert_eq!(&text[section.range.clone()], "[alembic]");
    }

    #[test]
    fn what_configparser_refuses_is_refused() {
        assert_eq!(fault("a = 1\n").1, 0);
        assert_eq!(fault("[a]\nnothing\n").1, 4);
        assert_eq!(fault("[a]\nb=1\nB=2\n"), ("key `b` is there twice in one section".to_owned(), 8));
        assert_eq!(fault("[a]\n[a]\n"), ("section `a` is there twice".to_owned(), 4));
        assert_eq!(fault("\u{feff}[a]\n").0, "there is no `[section]` line before this one");
    }

    #[test]
    fn interpolation_ends() {
        for text in ["[a]\nb=%(b)s", "[a]\nb=100%", "[a]\nb=%(c)s", "[a]\nb=%(c", "[a]\nb=%()s"] {
            let ini = Ini::parse(text).unwrap();
            assert!(ini.get(ini.section("a").unwrap(), "b", "").is_err(), "{text}");
        }
        for seed in ["aaaaaaaaaa%%", ""] {
            let mut bomb = format!("[a]\nv0={seed}\n");
            for depth in 1..10 {
                let references = format!("%(v{})s", depth - 1).repeat(20);
                bomb = format!("{bomb}v{depth}={references}\n");
            }
            let ini = Ini::parse(&bomb).unwrap();
            assert!(ini.get(ini.section("a").unwrap(), "v9", "").is_err());
        }
    }
}
