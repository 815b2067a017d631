//! The playground's server: what it answers, and what it refuses.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

use serde_json::{Value, json};
use std::{
    fs,
    io::{BufRead, BufReader, Read, Write},
    net::TcpStream,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};
use tempfile::TempDir;

struct Served {
    child: Child,
    port: u16,
    folder: TempDir,
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

const BAD: &str = "def upgrade():\n    op.create_index(\"ix_t\", \"t\", [\"a\"])\n\n\ndef downgrade():\n    op.drop_index(\"ix_t\", \"t\")\n";
const TABLE: &str = "def upgrade():\n    op.create_table(\"t\", sa.Column(\"a\", sa.Integer()))\n\n\ndef downgrade():\n    op.drop_table(\"t\")\n";

impl Served {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        // What lies where it is started is nothing to it.
        fs::write(folder.path().join("secret.py"), "WORD = 'SECRET'\n").unwrap();
        let mut child = Command::new(env!("CARGO_BIN_EXE_limbeck"))
            .arg("playground")
            .current_dir(folder.path())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let port = line.trim().strip_prefix("http://127.0.0.1:").unwrap().trim_end_matches('/').parse().unwrap();
        Self { child, port, folder }
    }

    /// Status, head and body of the answer to some bytes.
    fn send(&self, bytes: &[u8]) -> (u16, String, String) {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
        stream.write_all(bytes).unwrap_or_default();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).unwrap_or_default();
        let answer = String::from_utf8(answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((&answer, ""));
        let status = head.split(' ').nth(1).and_then(|it| it.parse().ok()).unwrap_or(0);
        (status, head.to_owned(), body.to_owned())
    }

    fn get(&self, path: &str, host: &str) -> (u16, String, String) {
        self.send(format!("GET {path} HTTP/1.1\r\nHost: {host}\r\n\r\n").as_bytes())
    }

    fn host(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    fn check(&self, asked: &Value) -> (u16, String) {
        self.post(&asked.to_string(), &[])
    }

    /// A check as the page sends it, with other headers in place of some.
    fn post(&self, body: &str, other: &[(&str, &str)]) -> (u16, String) {
        let (host, origin) = (self.host(), format!("http://{}", self.host()));
        let usual = [
            ("Host", host.as_str()),
            ("Origin", origin.as_str()),
            ("Content-Type", "application/json"),
            ("Sec-Fetch-Site", "same-origin"),
        ];
        let mut head = format!("POST /check HTTP/1.1\r\nContent-Length: {}\r\n", body.len());
        for (name, value) in usual {
            let value = other.iter().find(|(it, _)| *it == name).map_or(value, |(_, value)| value);
            if !value.is_empty() {
                head.extend([name, ": ", value, "\r\n"]);
            }
        }
        let (status, _, body) = self.send(format!("{head}\r\n{body}").as_bytes());
        (status, body)
    }
}

/// The findings on a page of a report.
fn rules(page: &str) -> Vec<String> {
    let data = page.split_once("id=\"data\">").unwrap().1.split_once("</script>").unwrap().0;
    let data: Value = serde_json::from_str(data).unwrap();
    data["findings"].as_array().unwrap().iter().map(|it| it["rule"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn a_revision_is_judged_behind_what_was_before_it() {
    let served = Served::new();
    let (status, page) = served.check(&json!({ "revision": BAD, "earlier": TABLE }));
    assert_eq!(status, 200, "{page}");
    assert_eq!(rules(&page), ["non-concurrent-index", "non-concurrent-index-drop"]);
    assert!(page.contains("CREATE INDEX ix_t ON t (a)") && page.contains("SHARE"));
    // In one revision with its table the index is no news, and what is old is not told of.
    let both = "def upgrade():\n    op.create_table(\"t\", sa.Column(\"a\", sa.Integer()))\n    op.create_index(\"ix_t\", \"t\", [\"a\"])\n\n\n\
        def downgrade():\n    op.drop_table(\"t\")\n";
    assert_eq!(rules(&served.check(&json!({ "revision": both })).1), [""; 0]);
    let three = format!("{TABLE}\n# ---\n{BAD}");
    let last = BAD.replace("ix_t", "ix_u").replace("[\"a\"]", "[\"a\"], postgresql_concurrently=True");
    let (_, page) = served.check(&json!({ "revision": last, "earlier": three, "postgres": 16 }));
    assert_eq!(rules(&page), ["concurrent-index-in-transaction", "non-concurrent-index-drop"]);
    let config = "[[custom]]\nname = \"house-x\"\nmessage = \"x\"\non = \"create-index\"\n";
    let (_, page) = served.check(&json!({ "revision": BAD, "earlier": TABLE, "config": config }));
    assert!(rules(&page).contains(&"house-x".to_owned()));
    let (status, why) = served.check(&json!({ "revision": BAD, "config": "\nselekt = []" }));
    assert_eq!((status, why.as_str()), (422, "limbeck.toml, line 2: there is no key `selekt`"));
    assert_eq!(rules(&served.check(&json!({ "revision": "def upgrade(:" })).1), ["python-syntax"]);
}

#[test]
fn no_file_is_read_and_none_written() {
    let served = Served::new();
    let before = fs::read_dir(served.folder.path()).unwrap().count();
    let path = served.folder.path().join("secret.py");
    let body = format!(
        "import secret\nfrom secret import WORD\n\n\ndef upgrade():\n    op.execute(\"SELECT '\" + WORD + \"'\")\n    \
         op.execute(open({:?}).read())\n\n\ndef downgrade():\n    pass\n",
        path.display().to_string()
    );
    let (status, page) = served.check(&json!({ "revision": body }));
    assert_eq!(status, 200);
    assert!(!page.contains("SECRET") && page.contains("secret"), "{page}");
    assert_eq!(fs::read_dir(served.folder.path()).unwrap().count(), before);
}

#[test]
fn the_page_may_do_nothing_but_ask() {
    let served = Served::new();
    let (status, head, page) = served.get("/", &served.host());
    assert_eq!(status, 200);
    let head = head.to_ascii_lowercase();
    for said in [
        "default-src 'none'",
        "connect-src 'self'",
        "frame-ancestors 'none'",
        "nosniff",
        "no-store",
        "x-frame-options: deny",
    ] {
        assert!(head.contains(said), "{said}: {head}");
    }
    assert!(!head.contains("unsafe") && !head.contains("access-control"), "{head}");
    assert!(!page.contains("http://") && !page.contains("https://"), "it fetches nothing from elsewhere");
    assert_eq!(served.get("/", &format!("localhost:{}", served.port)).0, 200);
}

#[test]
fn other_pages_and_names_are_refused() {
    let served = Served::new();
    let asked = json!({ "revision": BAD }).to_string();
    for host in ["evil.example", "127.0.0.1", "127.0.0.1.evil.example", "localhost", "[::1]", "127.0.0.1:1", ""] {
        assert_eq!(served.get("/", host).0, 421, "{host}");
        let status = served.post(&asked, &[("Host", host)]).0;
        assert_eq!(status, 421, "{host}");
    }
    for other in [
        ("Origin", "http://evil.example"),
        ("Origin", "null"),
        ("Origin", ""),
        ("Origin", "http://localhost:1"),
        ("Sec-Fetch-Site", "cross-site"),
        ("Sec-Fetch-Site", "same-site"),
        ("Content-Type", "text/plain"),
        ("Content-Type", ""),
    ] {
        assert_eq!(served.post(&asked, &[other]).0, 403, "{other:?}");
    }
    assert_eq!(served.post(&asked, &[]).0, 200);
    let host = served.host();
    let twice = format!("GET / HTTP/1.1\r\nHost: {host}\r\nHost: evil.example\r\n\r\n");
    assert_eq!(served.send(twice.as_bytes()).0, 421);
    for (path, status) in
        [("/check", 405), ("/../etc/passwd", 404), ("/favicon.ico", 404), ("http://evil.example/", 404)]
    {
        assert_eq!(served.get(path, &host).0, status, "{path}");
    }
    assert_eq!(served.send(format!("OPTIONS /check HTTP/1.1\r\nHost: {host}\r\n\r\n").as_bytes()).0, 405);
}

#[test]
fn what_is_too_much_or_no_request_is_answered_at_once() {
    let served = Served::new();
    let host = served.host();
    let start = Instant::now();
    let post = |length: &str| format!("POST /check HTTP/1.1\r\nHost: {host}\r\nContent-Length: {length}\r\n\r\n");
    for (bytes, status) in [
        (b"\x16\x03\x01nonsense\r\n\r\n".to_vec(), 400),
        (post("99999999999").into_bytes(), 413),
        (post("-1").into_bytes(), 400),
        (post("1\r\nContent-Length: 2").into_bytes(), 400),
        (post("1\r\nTransfer-Encoding: chunked").into_bytes(), 400),
        (format!("GET / HTTP/1.1\r\nX: {}", "x".repeat(40_000)).into_bytes(), 431),
    ] {
        let (got, ..) = served.send(&bytes);
        // Where more was sent than is read, the system may take the answer away with the connection.
        assert!(got == status || (status == 431 && got == 0), "{got} for {:?}", String::from_utf8_lossy(&bytes[..20]));
    }
    assert_eq!(served.check(&json!({ "nonsense": 1 })).0, 400);
    assert_eq!(
        served.check(&json!({ "revision": "x = 1\n".repeat(10), "earlier": "# ---\nx = 1\n".repeat(60) })).0,
        422
    );
    let endless = "def upgrade():\n    while True:\n        op.execute('SELECT 1')\n\n\ndef downgrade():\n    pass\n";
    // To the reader's limits, or to those of patience, as fast as the machine is.
    assert!(matches!(served.check(&json!({ "revision": endless })).0, 200 | 422));
    assert!(start.elapsed() < Duration::from_mins(1));
    // It is there as before.
    assert_eq!(served.get("/", &host).0, 200);
}
