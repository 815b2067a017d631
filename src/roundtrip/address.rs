//! The URL of a scratch database, as SQLAlchemy takes it, and the secrets in it.

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use std::path::Path;

/// Everything of a URL but the database.
#[derive(Clone)]
pub(super) struct Address {
    scheme: String,
    user: String,
    password: Option<String>,
    /// Host and port; empty where the query names a socket.
    host: String,
    query: Option<String>,
}

impl Address {
    /// A server behind a socket in a folder, which lets the user in without a password.
    pub(super) fn socket(driver: &str, user: &str, folder: &Path) -> Self {
        let folder = encoded(&folder.to_string_lossy());
        // pg8000 wants the socket itself.
        let query = match driver {
            "pg8000" => format!("unix_sock={folder}%2F%2Es%2EPGSQL%2E5432"),
            _ => format!("host={folder}"),
        };
        let scheme = format!("postgresql+{driver}");
        Self { scheme, user: user.to_owned(), password: None, host: String::new(), query: Some(query) }
    }

    /// The server of a URL, with its scheme and all its settings, as another user where one is given.
    pub(super) fn of(url: &str, role: Option<(&str, &str)>) -> Option<Self> {
        let (scheme, rest) = url.split_once("://")?;
        let (rest, query) = match rest.split_once('?') {
            Some((rest, query)) => (rest, Some(query.to_owned())),
            None => (rest, None),
        };
        let authority = rest.split('/').next().unwrap_or("");
        let (login, host) = authority.rsplit_once('@').unwrap_or(("", authority));
        let (user, password) = match (role, login.split_once(':')) {
            (Some((user, password)), _) => (encoded(user), Some(encoded(password))),
            (None, Some((user, password))) => (user.to_owned(), Some(password.to_owned())),
            (None, None) => (login.to_owned(), None),
        };
        Some(Self { scheme: scheme.to_owned(), user, password, host: host.to_owned(), query })
    }

    /// The URL of a database.
    pub(super) fn url(&self, database: &str) -> String {
        let Self { scheme, user, password, host, query } = self;
        let secret = password.as_ref().map_or_else(String::new, |it| format!(":{it}"));
        let at = if user.is_empty() { "" } else { "@" };
        let query = query.as_ref().map_or_else(String::new, |it| format!("?{it}"));
        format!("{scheme}://{user}{secret}{at}{host}/{database}{query}")
    }

    /// A text without the password of this or any other URL.
    pub(super) fn without_secrets(&self, text: &str) -> String {
        let mut text = hidden(text);
        let named = self.query.iter().flat_map(|it| it.split('&')).filter_map(|it| it.strip_prefix("password="));
        for secret in self.password.iter().map(String::as_str).chain(named).filter(|it| !it.is_empty()) {
            let plain = percent_encoding::percent_decode_str(secret).decode_utf8_lossy().into_owned();
            text = text.replace(secret, "***").replace(&plain, "***");
        }
        text
    }
}

/// A text in which each `://user:password@` has lost its password.
fn hidden(text: &str) -> String {
    let mut parts = text.split("://");
    let mut all = parts.next().unwrap_or("").to_owned();
    for part in parts {
        all.push_str("://");
        let end = part.find(|c: char| c.is_whitespace() || matches!(c, '"' | '\'' | '/' | '?')).unwrap_or(part.len());
        let (authority, rest) = part.split_at(end);
        match authority.rsplit_once('@').and_then(|(login, host)| Some((login.split_once(':')?.0, host))) {
            Some((user, host)) => all.extend([user, ":***@", host, rest]),
            None => all.push_str(part),
        }
    }
    all
}

fn encoded(text: &str) -> String {
    utf8_percent_encode(text, NON_ALPHANUMERIC).to_string()
}

#[cfg(test)]
mod tests {
    use super::Address;
    use std::path::Path;

    #[test]
    fn a_url_keeps_its_settings_and_changes_its_database() {
        let given = "postgresql+asyncpg://me:s%40e@there:5433/prod?sslmode=require";
        let of = |url, role| Address::of(url, role).unwrap().url("d");
        assert_eq!(of(given, None), "postgresql+asyncpg://me:s%40e@there:5433/d?sslmode=require");
        assert_eq!(of(given, Some(("r", "p/w"))), "postgresql+asyncpg://r:p%2Fw@there:5433/d?sslmode=require");
        assert_eq!(of("postgresql://me@/prod?host=/run", None), "postgresql://me@/d?host=/run");
        let socket = Address::socket("psycopg2", "limbeck", Path::new("/tmp/x"));
        assert_eq!(socket.url("d"), "postgresql+psycopg2://limbeck@/d?host=%2Ftmp%2Fx");
    }

    #[test]
    fn no_password_is_left_in_a_text() {
        let address = Address::of("postgresql://me:s%40e@there/x", None).unwrap();
        let text = "s@e, s%40e, \"postgresql://you:other@there/y\" and http://plain@x/a:b@c";
        let clean = address.without_secrets(text);
        assert_eq!(clean, "***, ***, \"postgresql://you:***@there/y\" and http://plain@x/a:b@c");
    }
}
