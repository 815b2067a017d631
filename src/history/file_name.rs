//! Whether a file could have got its name from `file_template`.

/// What Alembic names files by where nothing is set (`_default_file_template`).
pub const DEFAULT_TEMPLATE: &str = "%(rev)s_%(slug)s";

/// One part of a template.
#[derive(Debug, PartialEq, Eq)]
enum Part {
    Text(String),
    /// At least and at most so many digits.
    Digits(usize, usize),
    /// Anything within a folder: the slug, which people may well correct by hand.
    Any,
}

/// Whether a path can be what Alembic makes of a template for a revision with this id, whatever its message and its
/// date were (`ScriptDirectory._rev_path`). The template may stand as in the file (`%%(rev)s`) or as read
/// (`%(rev)s`); one with `/` in it is compared with as many folders of the path.
///
/// Alembic cuts a slug at `truncate_slug_length` and writes it in lower case; a name that a person has finished
/// still fits here, since only what cannot come from the template is worth a word.
#[must_use]
pub fn fits_template(template: &str, id: &str, path: &str) -> bool {
    let template = template.trim().trim_start_matches("./");
    let parts = parse(template, id);
    let folders = template.matches('/').count();
    let begin = path.rmatch_indices('/').nth(folders).map_or(0, |(at, _)| at + 1);
    let Some(name) = path.get(begin..).and_then(|name| name.strip_suffix(".py")) else { return false };
    matches(&parts, name)
}

/// The path that Alembic gives a revision by the template, below its versions folder: what the template asks of the date
/// and the message has to be known. The date is as Alembic writes it: `2026-01-31 10:20:30.123456`.
#[must_use]
pub fn named_by(template: &str, id: &str, message: Option<&str>, date: Option<&str>) -> Option<String> {
    let template = template.trim().trim_start_matches("./").replace("%%(", "%(");
    let mut made = String::new();
    let mut rest = template.as_str();
    while let Some((before, mark)) = rest.split_once("%(") {
        let (name, after) = mark.split_once(')')?;
        let kind = after.find(|it: char| it.is_ascii_alphabetic())?;
        let width = after[..kind].trim_start_matches(['0', '.']).parse().unwrap_or(0).min(20);
        let value = match name {
            "rev" => id.to_owned(),
            "slug" => slug(message.unwrap_or("")),
            unit => format!("{:0width$}", part_of(date?, unit)?),
        };
        made.push_str(before);
        made.push_str(&value);
        rest = &after[kind + 1..];
    }
    made.push_str(rest);
    Some(format!("{}.py", made.replace("%%", "%")))
}

/// What a date says of a unit.
fn part_of(date: &str, unit: &str) -> Option<u32> {
    let at = ["year", "month", "day", "hour", "minute", "second"].iter().position(|it| *it == unit)?;
    let mut parts = date.split(|it: char| !it.is_ascii_digit()).filter(|it| !it.is_empty());
    parts.nth(at)?.parse().ok()
}

/// The words of a message, as far as 40 letters go (`ScriptDirectory._rev_path`, `truncate_slug_length`).
fn slug(message: &str) -> String {
    let words = message.split(|it: char| !it.is_alphanumeric() && it != '_').filter(|it| !it.is_empty());
    let slug = words.collect::<Vec<_>>().join("_").to_lowercase();
    match slug.char_indices().nth(40) {
        Some((end, _)) => format!("{}_", slug[..end].rsplit_once('_').map_or(&slug[..end], |(whole, _)| whole)),
        None => slug,
    }
}

fn parse(template: &str, id: &str) -> Vec<Part> {
    let mut parts = Vec::new();
    let mut rest = template;
    while let Some(at) = rest.find('%') {
        parts.push(Part::Text(rest[..at].to_owned()));
        let mark = &rest[at..];
        let mark = if mark.starts_with("%%(") { &mark[1..] } else { mark };
        if let Some((part, after)) = placeholder(mark, id) {
            parts.push(part);
            rest = after;
        } else {
            parts.push(Part::Text("%".to_owned()));
            rest = mark.strip_prefix("%%").unwrap_or(&mark[1..]);
        }
    }
    parts.push(Part::Text(rest.to_owned()));
    parts
}

/// `%(name)` with flags, width, precision and type, and what comes after it.
fn placeholder<'a>(mark: &'a str, id: &str) -> Option<(Part, &'a str)> {
    let (name, after) = mark.strip_prefix("%(")?.split_once(')')?;
    let kind = after.find(|it: char| it.is_ascii_alphabetic())?;
    let format = &after[..kind];
    let least = format.trim_start_matches(['0', '-', '+', ' ', '.']).parse().unwrap_or(1).clamp(1, 20);
    let part = match name {
        "rev" => Part::Text(id.to_owned()),
        "year" => Part::Digits(least.max(4), least.max(4)),
        "month" | "day" | "hour" | "minute" | "second" => Part::Digits(least, least.max(2)),
        "epoch" => Part::Digits(least, 20),
        _ => Part::Any,
    };
    Some((part, &after[kind + 1..]))
}

/// Follows all the ways to read a name at once: `ends` are the bytes up to which it may have been read.
fn matches(parts: &[Part], name: &str) -> bool {
    let mut ends = vec![false; name.len() + 1];
    ends[0] = true;
    for part in parts {
        let mut next = vec![false; name.len() + 1];
        let reached: Vec<usize> = (0..ends.len()).filter(|&at| ends[at] && name.is_char_boundary(at)).collect();
        match part {
            Part::Text(text) => {
                reached.iter().filter(|&&at| name[at..].starts_with(text)).for_each(|&at| next[at + text.len()] = true);
            }
            Part::Digits(least, most) => {
                for at in reached {
                    let count = name.as_bytes()[at..].iter().take_while(|it| it.is_ascii_digit()).count();
                    (*least..=count.min(*most)).for_each(|width| next[at + width] = true);
                }
            }
            Part::Any => {
                // Each byte is filled once: an end that was filled already leads nowhere new.
                for at in reached {
                    if !next[at] {
                        let stop = name[at..].find('/').map_or(name.len(), |it| at + it);
                        next[at..=stop].fill(true);
                    }
                }
            }
        }
        ends = next;
    }
    ends.last().copied().unwrap_or(false)
}

#[cfg(test)]
mod tests {
    use super::{fits_template, named_by};

    #[test]
    fn names_that_the_template_makes_fit() {
        let dated = "%%(year)d-%%(month).2d-%%(day).2d_%%(hour).2d-%%(minute).2d_%%(rev)s_%%(slug)s";
        let plain = "%(year)d-%(month).2d-%(day).2d-%(hour).2d%(minute).2d_%(slug)s";
        for (template, id, path) in [
            ("%(rev)s_%(slug)s", "ab12", "versions/ab12_add_users.py"),
            ("%(rev)s_%(slug)s", "ab12", "versions/ab12_.py"),
            ("%(rev)s_%(slug)s", "0001", "0001_Été.py"),
            (dated, "1e2841a4128", "x/versions/2015-10-05_22-11_1e2841a4128_.py"),
            (plain, "a83cf131398d", "versions/2026-08-18-1943_add_units.py"),
            ("%(year)d/%(month).2d/%(rev)s_%(slug)s", "ab12", "versions/2026/06/ab12_x.py"),
            ("%(epoch)s_%(rev)s", "ab12", "versions/1700000000_ab12.py"),
            ("%(month)d%(day)d_%(rev)s", "ab12", "111_ab12.py"),
            ("100%%_%(rev)s", "ab12", "100%_ab12.py"),
        ] {
            assert!(fits_template(template, id, path), "{template} {path}");
        }
    }

    /// Each was asked of Alembic 1.20 (`ScriptDirectory._rev_path`).
    #[test]
    fn what_alembic_names_a_file() {
        let named =
            |template: &str, message: &str| named_by(template, "ab12", Some(message), Some("2026-01-02 03:04:05.678"));
        for (template, message, path) in [
            ("%(rev)s_%(slug)s", "Add a `users` table, twice!", "ab12_add_a_users_table_twice.py"),
            ("%%(rev)s_%%(slug)s", "Été", "ab12_été.py"),
            ("%(rev)s_%(slug)s", "", "ab12_.py"),
            ("%(year)d/%(month).2d/%(day)02d-%(hour)d%(minute).2d%(second).2d_%(slug)s", "x", "2026/01/02-30405_x.py"),
            ("%(slug)s", "one two three four five six seven eight nine", "one_two_three_four_five_six_seven_eight_.py"),
        ] {
            assert_eq!(named(template, message).as_deref(), Some(path), "{template} {message}");
        }
        assert_eq!(named("%(epoch)s_%(rev)s", "x"), None);
        assert_eq!(named_by("%(year)d_%(rev)s", "ab12", Some("x"), None), None);
        assert_eq!(named_by("%(rev)s", "ab12", None, None).as_deref(), Some("ab12.py"));
    }

    #[test]
    fn names_that_it_cannot_make_do_not() {
        for (template, id, path) in [
            ("%(rev)s_%(slug)s", "ab12", "versions/cd34_add_users.py"),
            ("%(rev)s_%(slug)s", "ab12", "versions/add_users.py"),
            ("%(year)d_%(month).2d_%(rev)s", "ab12", "versions/2026_6_ab12.py"),
            ("%(year)d_%(month).2d_%(rev)s", "ab12", "versions/26_06_ab12.py"),
            ("%(year)d/%(rev)s_%(slug)s", "ab12", "versions/ab12_x.py"),
        ] {
            assert!(!fits_template(template, id, path), "{template} {path}");
        }
    }
}
