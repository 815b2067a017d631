//! A dump, as `pg_dump` writes it and `psql` reads it: statements, rows that come with a `COPY`, and lines that speak to
//! psql.
//!
//! Sources: PostgreSQL 18, `src/fe_utils/psqlscan.l` (where a statement ends) and `src/bin/pg_dump`.

/// A part of a dump, with the line that it begins on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Piece {
    /// From 1.
    pub line: usize,
    /// The byte that it begins on.
    pub start: usize,
    /// Without the semicolon.
    pub sql: String,
    /// The lines that follow a `COPY … FROM stdin`, without the last one.
    pub rows: Option<String>,
}

/// Lines to psql that change nothing in the database.
const HARMLESS: [&str; 16] = [
    "restrict",
    "unrestrict",
    "set",
    "unset",
    "pset",
    "echo",
    "qecho",
    "warn",
    "encoding",
    "timing",
    "x",
    "t",
    "a",
    "H",
    "o",
    "errverbose",
];
/// What a dump says of owners, rights and the server, and a scratch database has in its own way.
const SET_UP: [&str; 16] = [
    "grant ",
    "revoke ",
    "alter default privileges",
    "create database",
    "alter database",
    "drop database",
    "comment on database",
    "comment on extension",
    "security label",
    "create schema public",
    "alter schema public",
    "comment on schema public",
    "drop schema",
    "set session authorization",
    "create subscription",
    "alter subscription",
];

/// Parts a dump.
///
/// # Errors
/// The line, and what on it is more than a dump of one database.
pub fn pieces(text: &str) -> Result<Vec<Piece>, (usize, String)> {
    let mut scan = Scan { text, at: 0, line: 1 };
    let mut found = Vec::new();
    let mut connected = false;
    loop {
        scan.space();
        let Some(rest) = scan.text.get(scan.at..).filter(|rest| !rest.is_empty()) else { return Ok(found) };
        let line = scan.line;
        if let Some(command) = rest.strip_prefix('\\') {
            let word = command.split(|c: char| c.is_whitespace() || c == ';').next().unwrap_or_default();
            match word {
                "q" => return Ok(found),
                "c" | "connect" if !connected => connected = true,
                "c" | "connect" => return Err((line, "it holds more than one database".to_owned())),
                _ if HARMLESS.contains(&word) => {}
                _ => return Err((line, format!("`\\{word}` is not for a dump"))),
            }
            scan.rest_of_line();
            continue;
        }
        let start = scan.at;
        let sql = scan.statement().trim().to_owned();
        if sql.is_empty() {
            continue;
        }
        let rows = is_copy(&sql).then(|| scan.rows());
        found.push(Piece { line, start, sql, rows });
    }
}

impl Piece {
    /// It is about owners, rights or the server, and is left out.
    #[must_use]
    pub fn is_set_up(&self) -> bool {
        let words = words(&self.sql);
        SET_UP.iter().any(|it| words.starts_with(it)) || (words.starts_with("alter ") && words.contains(" owner to "))
    }

    /// It sets something for the session: what an older server does not know can be done without.
    #[must_use]
    pub fn is_setting(&self) -> bool {
        words(&self.sql).starts_with("set ")
    }
}

/// The beginning in small letters, each space one blank.
fn words(sql: &str) -> String {
    let few = sql.split_whitespace().take(12).collect::<Vec<_>>().join(" ");
    few.to_lowercase()
}

fn is_copy(sql: &str) -> bool {
    let words: Vec<String> = sql.split_whitespace().map(str::to_lowercase).collect();
    words.first().is_some_and(|it| it == "copy") && words.windows(2).any(|it| it[0] == "from" && it[1] == "stdin")
}

struct Scan<'a> {
    text: &'a str,
    /// The next byte.
    at: usize,
    line: usize,
}

impl<'a> Scan<'a> {
    fn peek(&self, text: &str) -> bool {
        self.text.as_bytes()[self.at..].starts_with(text.as_bytes())
    }

    /// Goes on, and counts the lines.
    fn go(&mut self, bytes: usize) {
        let end = usize::min(self.at + bytes, self.text.len());
        self.line += self.text.as_bytes()[self.at..end].split(|it| *it == b'\n').count() - 1;
        self.at = end;
    }

    /// Goes to behind a text, or to the end.
    fn past(&mut self, text: &str) {
        let rest = &self.text.as_bytes()[self.at..];
        let found = rest.windows(text.len()).position(|it| it == text.as_bytes());
        self.go(found.map_or(rest.len(), |it| it + text.len()));
    }

    fn rest_of_line(&mut self) {
        self.past("\n");
    }

    /// White space, comments and lone semicolons.
    fn space(&mut self) {
        while let Some(byte) = self.text.as_bytes().get(self.at) {
            match byte {
                b' ' | b'\t' | b'\r' | b'\n' | b';' => self.go(1),
                b'-' if self.peek("--") => self.rest_of_line(),
                b'/' if self.peek("/*") => self.comment(),
                _ if self.peek("\u{feff}") => self.go(3),
                _ => return,
            }
        }
    }

    fn comment(&mut self) {
        let mut depth = 0_usize;
        while self.at < self.text.len() {
            if self.peek("/*") {
                depth += 1;
                self.go(2);
            } else if self.peek("*/") {
                depth = depth.saturating_sub(1);
                self.go(2);
                if depth == 0 {
                    return;
                }
            } else {
                self.go(1);
            }
        }
    }

    /// Up to a semicolon that ends it.
    fn statement(&mut self) -> &'a str {
        let start = self.at;
        // Parentheses, and the `BEGIN ATOMIC` and `CASE` of a function's body.
        let (mut depth, mut body) = (0_usize, 0_usize);
        while let Some(&byte) = self.text.as_bytes().get(self.at) {
            match byte {
                b';' if depth == 0 && body == 0 => {
                    let sql = &self.text[start..self.at];
                    self.go(1);
                    return sql;
                }
                b'\'' => self.quoted(start),
                b'"' => {
                    self.go(1);
                    self.past("\"");
                }
                b'-' if self.peek("--") => self.rest_of_line(),
                b'/' if self.peek("/*") => self.comment(),
                b'$' => self.dollars(),
                b'(' => {
                    depth += 1;
                    self.go(1);
                }
                b')' => {
                    depth = depth.saturating_sub(1);
                    self.go(1);
                }
                b'a'..=b'z' | b'A'..=b'Z' | b'_' | 0x80.. => {
                    let word = self.word();
                    match word.as_str() {
                        "atomic" if words(&self.text[start..]).starts_with("create") => body += 1,
                        "case" if body > 0 => body += 1,
                        "end" => body = body.saturating_sub(1),
                        _ => {}
                    }
                }
                _ => self.go(1),
            }
        }
        &self.text[start..]
    }

    fn word(&mut self) -> String {
        let rest = &self.text.as_bytes()[self.at..];
        let is_part = |it: &u8| it.is_ascii_alphanumeric() || matches!(it, b'_' | b'$' | 0x80..);
        let length = rest.iter().position(|it| !is_part(it)).unwrap_or(rest.len());
        let word = String::from_utf8_lossy(&rest[..length]).to_lowercase();
        self.go(length);
        word
    }

    /// A string; one with an `E` before it may hold `\'`.
    fn quoted(&mut self, start: usize) {
        let before = &self.text.as_bytes()[start..self.at];
        let escapes = matches!(before.last(), Some(b'E' | b'e'))
            && !before.len().checked_sub(2).is_some_and(|it| before[it].is_ascii_alphanumeric() || before[it] == b'_');
        self.go(1);
        while let Some(byte) = self.text.as_bytes().get(self.at) {
            match byte {
                b'\\' if escapes => self.go(2),
                b'\'' => {
                    self.go(1);
                    return;
                }
                _ => self.go(1),
            }
        }
    }

    /// `$tag$ … $tag$`, or a dollar that is none.
    fn dollars(&mut self) {
        let rest = &self.text[self.at + 1..];
        let tag = rest.find('$').map(|end| &rest[..end]);
        let is_tag = |it: &&str| {
            it.chars().all(|c| c.is_alphanumeric() || c == '_') && !it.starts_with(|c: char| c.is_ascii_digit())
        };
        match tag.filter(is_tag) {
            Some(tag) => {
                let fence = format!("${tag}$");
                self.go(fence.len());
                self.past(&fence);
            }
            None => self.go(1),
        }
    }

    /// What follows a `COPY … FROM stdin;`, up to the line `\.`
    fn rows(&mut self) -> String {
        self.rest_of_line();
        let start = self.at;
        while self.at < self.text.len() {
            let end = self.at;
            let is_last = self.peek("\\.\n") || self.peek("\\.\r\n") || &self.text[self.at..] == "\\.";
            self.rest_of_line();
            if is_last {
                return self.text[start..end].to_owned();
            }
        }
        self.text[start..].to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::pieces;

    fn sql(text: &str) -> Vec<String> {
        pieces(text).unwrap().into_iter().map(|it| it.sql).collect()
    }

    #[test]
    fn statements_end_where_psql_says() {
        let text = "-- a; b\nSELECT ';', E'\\';', \"a;b\";\n/* ; /* ; */ ; */ CREATE FUNCTION f() RETURNS int AS $x$ ; $$ ; $x$ LANGUAGE sql;\n\
                    CREATE RULE r AS ON INSERT TO t DO (SELECT 1; SELECT 2);\n\
                    CREATE FUNCTION g() RETURNS int BEGIN ATOMIC SELECT CASE WHEN true THEN 1 END; SELECT 2; END;\nSELECT $1";
        let all = sql(text);
        assert_eq!(all.len(), 5, "{all:#?}");
        assert_eq!(all[0], "SELECT ';', E'\\';', \"a;b\"");
        assert_eq!(all[4], "SELECT $1");
        assert!(all[3].ends_with("END"));
    }

    #[test]
    fn rows_and_lines_to_psql_are_told_apart() {
        let text = "\\restrict abc\nCOPY public.t (a, b) FROM stdin;\n1\tit's; \\N\n2\t\\\\.\n\\.\n\nSELECT 1;\n\\unrestrict abc\n";
        let all = pieces(text).unwrap();
        assert_eq!(all.len(), 2, "{all:#?}");
        assert_eq!(all[0].rows.as_deref(), Some("1\tit's; \\N\n2\t\\\\.\n"));
        assert_eq!((all[0].line, all[1].line, all[1].sql.as_str()), (2, 7, "SELECT 1"));
        assert_eq!(pieces("SELECT 1;\n\\! rm -rf /\n").unwrap_err().0, 2);
        assert_eq!(pieces("\\connect a\nSELECT 1;\n\\connect b\n").unwrap_err().0, 3);
    }

    #[test]
    fn what_is_left_out() {
        let out = |text: &str| pieces(text).unwrap()[0].is_set_up();
        for text in ["ALTER TABLE public.t\n    OWNER TO postgres;", "GRANT ALL ON t TO x;", "CREATE SCHEMA public;"] {
            assert!(out(text), "{text}");
        }
        for text in ["ALTER TABLE t ADD COLUMN owner text;", "CREATE SCHEMA app;", "CREATE TABLE grants ();"] {
            assert!(!out(text), "{text}");
        }
    }
}
