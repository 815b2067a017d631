//! A value for a column, by its type and a number.

use super::table::Column;

/// Texts of unlimited length have this many characters: what narrows them is to be seen.
const LONG: usize = 300;
/// More labels, strings and numbers of a check than these are not tried.
const MOST: usize = 8;

/// A value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Value {
    /// As text, to be cast.
    Text(String),
    /// An expression.
    Sql(String),
}

impl Value {
    /// The value of a column for a row's number; `None`: nothing is known of the type.
    pub(super) fn of(column: &Column, number: u64, modest: bool) -> Option<Self> {
        if let Some(element) = column.base.strip_suffix("[]") {
            let one = Column { base: element.to_owned(), kind: element.to_owned(), ..column.clone() };
            return Some(match Self::of(&one, number, modest)? {
                Self::Text(text) => Self::Sql(format!("ARRAY[{}]", crate::roundtrip::session::literal(&text))),
                Self::Sql(sql) => Self::Sql(format!("ARRAY[{sql}]")),
            });
        }
        if !column.labels.is_empty() {
            let at = usize::try_from(number).unwrap_or(0) % column.labels.len();
            return column.labels.get(at).cloned().map(Self::Text);
        }
        if modest && is_number(&parts(&column.base).0) && !column.base.starts_with("numeric(") {
            return Some(Self::Text((number % 9_000 + 1).to_string()));
        }
        plain(&column.base, number).map(Self::Text)
    }
}

fn plain(base: &str, n: u64) -> Option<String> {
    let (name, arguments) = parts(base);
    let limit = arguments.first().copied();
    Some(match name.rsplit('.').next().unwrap_or(&name) {
        "smallint" => (30_000 + n % 2_700).to_string(),
        "integer" | "oid" => (2_000_000_000 + n % 147_000_000).to_string(),
        "bigint" => (9_000_000_000_000_000 + n).to_string(),
        "numeric" => numeric(&arguments, n),
        "real" | "double precision" => format!("{}.5", 1_000_000 + n % 1_000_000),
        "money" => format!("{}", n % 1_000_000),
        "boolean" => n.is_multiple_of(2).to_string(),
        "text" | "citext" | "name" | "character varying" | "character" | "\"char\"" | "bpchar" => {
            let short = if name.ends_with("name") {
                Some(60)
            } else if name.ends_with("\"char\"") {
                Some(1)
            } else {
                limit
            };
            text(short, n)
        }
        "uuid" => format!("11bbecc0-0000-4000-8000-{n:012x}"),
        "date" => format!("{}-{:02}-{:02}", 2199 + n / 336 % 700, n / 28 % 12 + 1, n % 28 + 1),
        "timestamp without time zone" | "timestamp with time zone" => {
            format!(
                "{}-01-{:02} {:02}:{:02}:59.123456",
                2199 + n / 40_320 % 700,
                n / 1_440 % 28 + 1,
                n / 60 % 24,
                n % 60
            )
        }
        "time without time zone" | "time with time zone" => format!("{:02}:{:02}:59", n / 60 % 24, n % 60),
        "interval" => format!("{} hours", 1_000 + n),
        "json" | "jsonb" => format!("{{\"limbeck\": {n}}}"),
        "bytea" => format!("\\x11bbecc0{n:016x}"),
        "inet" => format!("198.18.{}.{}", n / 250 % 250, n % 250 + 1),
        "cidr" => format!("198.18.{}.{}/32", n / 250 % 250, n % 250 + 1),
        "macaddr" => format!("02:11:bb:{:02x}:{:02x}:{:02x}", n >> 16 & 255, n >> 8 & 255, n & 255),
        "macaddr8" => format!("02:11:bb:ff:fe:{:02x}:{:02x}:{:02x}", n >> 16 & 255, n >> 8 & 255, n & 255),
        "bit" | "bit varying" => bits(limit.unwrap_or(1), n),
        "tsvector" | "tsquery" | "ltree" | "lquery" => format!("limbeck{n}"),
        "hstore" => format!("limbeck=>{n}"),
        "xml" => format!("<limbeck>{n}</limbeck>"),
        "point" => format!("({n},1)"),
        "line" => "{1,2,3}".to_owned(),
        "lseg" | "box" | "path" | "polygon" => format!("(({n},1),(2,2))"),
        "circle" => format!("<({n},1),1>"),
        "int4range" | "int8range" | "numrange" => format!("[{n},{})", n + 1),
        "daterange" => format!("[2199-01-01,{}-01-01)", 2200 + n % 700),
        "tsrange" | "tstzrange" => format!("[{}-01-01 00:00,{}-06-01 00:00)", 2199 + n % 700, 2199 + n % 700),
        "vector" | "halfvec" => format!("[{}]", vec!["1"; limit.unwrap_or(3)].join(",")),
        "pg_lsn" => format!("0/{:X}", 1_000_000 + n),
        "jsonpath" => "$.limbeck".to_owned(),
        _ => return None,
    })
}

/// `character varying(10)`: the name, and the numbers.
pub(super) fn parts(base: &str) -> (String, Vec<usize>) {
    let Some((before, rest)) = base.split_once('(') else { return (base.to_owned(), Vec::new()) };
    let (inside, after) = rest.split_once(')').unwrap_or((rest, ""));
    let arguments = inside.split(',').filter_map(|it| it.trim().parse().ok()).collect();
    (format!("{before}{after}"), arguments)
}

/// Near the greatest that fits.
fn numeric(arguments: &[usize], n: u64) -> String {
    let Some(&precision) = arguments.first() else { return format!("{}.123456", 9_000_000_000 + n) };
    let scale = arguments.get(1).copied().unwrap_or(0);
    let digits = precision.saturating_sub(scale).min(15);
    let greatest = 10_u64.saturating_pow(u32::try_from(digits).unwrap_or(0)).saturating_sub(1);
    let whole = greatest.saturating_sub(n % (greatest / 2 + 1).min(1_000_000));
    if scale == 0 { whole.to_string() } else { format!("{whole}.{}", "1".repeat(scale.min(precision))) }
}

/// As long as it may be, its end a number of its own where there is no room for more.
fn text(limit: Option<usize>, n: u64) -> String {
    let long = limit.unwrap_or(LONG).min(LONG);
    let whole = format!("limbeck-{n}");
    if long < whole.len() {
        let digits = number(n);
        return digits[digits.len().saturating_sub(long)..].to_owned();
    }
    let room = long - whole.len();
    if room > 1 { format!("{whole}-{}", "x".repeat(room - 1)) } else { whole }
}

/// In letters and digits.
fn number(mut n: u64) -> String {
    const DIGITS: &[u8; 36] = b"0123456789abcdefghijklmnopqrstuvwxyz";
    let mut found = Vec::new();
    for _ in 0..13 {
        found.push(char::from(DIGITS[usize::try_from(n % 36).unwrap_or(0)]));
        n /= 36;
    }
    found.into_iter().rev().collect()
}

fn bits(length: usize, n: u64) -> String {
    let text = format!("{n:064b}");
    let length = length.min(64);
    text[text.len() - length..].to_owned()
}

fn is_number(name: &str) -> bool {
    matches!(name, "smallint" | "integer" | "bigint" | "numeric" | "real" | "double precision")
}

/// What a check might take for a column, in the order in which it is tried; `None` is `NULL`.
pub(super) fn candidates(column: &Column, sql: &str, n: u64) -> Vec<Option<String>> {
    let (name, _) = parts(&column.base);
    let mut found: Vec<Option<String>> = Vec::new();
    let is_text = matches!(name.as_str(), "text" | "character varying" | "character" | "citext" | "bpchar");
    if is_number(&name) {
        for it in numbers(sql).into_iter().take(MOST) {
            found.extend([it, it + 1, it - 1].map(|it| Some(it.to_string())));
        }
        found.extend(["1", "0", "-1", "50"].map(|it| Some(it.to_owned())));
    } else if is_text {
        found.extend(strings(sql).into_iter().take(MOST).map(Some));
        found.extend([8, 4, 2].map(|long| Some(text(Some(long), n))));
        let usual = ["a", "abc", "abcdefgh", "A", "1", "12345", "a@b.cc", "https://a.bc/", "#ffffff", ""];
        found.extend(usual.map(|it| Some(it.to_owned())));
    } else if !column.labels.is_empty() {
        found.extend(column.labels.iter().take(MOST).cloned().map(Some));
    } else if name == "boolean" {
        found.extend(["true", "false"].map(|it| Some(it.to_owned())));
    } else if name == "date" || name.starts_with("timestamp") {
        found.extend(["2000-01-01", "2999-01-01"].map(|it| Some(it.to_owned())));
    } else if name.starts_with("json") {
        found.extend(["{}", "[]", "\"a\"", "1"].map(|it| Some(it.to_owned())));
    }
    if !column.not_null {
        found.insert(usize::min(found.len(), 2), None);
    }
    found
}

/// The strings of a check's text.
fn strings(sql: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut parts = sql.split('\'');
    parts.next();
    while let (Some(inside), Some(_)) = (parts.next(), parts.next()) {
        found.push(inside.to_owned());
    }
    found
}

fn numbers(sql: &str) -> Vec<i64> {
    let is_part = |c: char| c.is_alphanumeric() || c == '_';
    sql.split(|c: char| !is_part(c)).filter_map(|it| it.parse().ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::{Value, candidates};
    use crate::roundtrip::rows::table::Column;

    fn column(base: &str) -> Column {
        let (name, kind, base) = ("c".to_owned(), base.to_owned(), base.to_owned());
        Column { name, kind, base, not_null: true, generated: false, labels: Vec::new() }
    }

    fn text(base: &str, number: u64) -> String {
        match Value::of(&column(base), number, false) {
            Some(Value::Text(text) | Value::Sql(text)) => text,
            None => String::new(),
        }
    }

    #[test]
    fn values_fit_their_types() {
        assert_eq!(text("character varying(2)", 37), "11");
        assert_eq!(text("character varying(50)", 7).len(), 50);
        assert_eq!(text("numeric(5,2)", 0), "999.11");
        assert_eq!(text("integer[]", 1), "ARRAY['2000000001']");
        assert_eq!(text("bit(4)", 5), "0101");
        assert_eq!(text("some.type", 5), "");
        assert_ne!(text("text", 1), text("text", 2));
    }

    #[test]
    fn a_check_says_what_it_takes() {
        let all = candidates(&column("text"), "CHECK ((c = ANY (ARRAY['new'::text, 'old'::text])))", 1);
        assert_eq!(all[..2], [Some("new".to_owned()), Some("old".to_owned())]);
        let all = candidates(&column("integer"), "CHECK (((c >= 18) AND (c < 21)))", 1);
        assert!(all.contains(&Some("19".to_owned())));
    }
}
