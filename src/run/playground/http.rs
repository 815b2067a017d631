//! As much of HTTP/1.1 as one page needs: one request for each connection, small, and within its time.

use std::{
    io::{self, Read, Write},
    net::TcpStream,
    time::{Duration, Instant},
};

/// The largest head and body, in bytes.
const HEAD: usize = 16 * 1024;
const BODY: usize = 512 * 1024;
/// How many headers a request may have.
const HEADERS: usize = 64;
/// So long a request may take to come in, and an answer to go out.
const PATIENCE: Duration = Duration::from_secs(5);

/// A request.
pub(super) struct Request {
    pub(super) method: String,
    /// The target as it was sent.
    pub(super) path: String,
    /// Names in lower case.
    headers: Vec<(String, String)>,
    pub(super) body: Vec<u8>,
}

impl Request {
    /// The value of a header; `None` where there are several of it.
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        let mut all = self.headers.iter().filter(|(it, _)| it == name).map(|(_, value)| value.as_str());
        let first = all.next();
        if all.next().is_some() { None } else { first }
    }
}

/// Reads a request.
///
/// # Errors
/// The status that says why not.
pub(super) fn read(stream: &mut TcpStream) -> Result<Request, u16> {
    let end = Instant::now() + PATIENCE;
    let mut bytes = Vec::new();
    let (mut request, start) = loop {
        more(stream, &mut bytes, end)?;
        if let Some(parsed) = head(&bytes)? {
            break parsed;
        }
        if bytes.len() > HEAD {
            return Err(431);
        }
    };
    let lengths = request.headers.iter().filter(|(name, _)| name == "content-length").count();
    if lengths > 1 || request.headers.iter().any(|(name, _)| name == "transfer-encoding") {
        return Err(400);
    }
    let length = request.header("content-length").map_or(Ok(0), str::parse::<usize>).map_err(|_| 400_u16)?;
    if length > BODY {
        return Err(413);
    }
    while bytes.len() < start + length {
        more(stream, &mut bytes, end)?;
    }
    request.body = bytes.get(start..start + length).unwrap_or(&[]).to_vec();
    Ok(request)
}

/// Takes in what has come.
fn more(stream: &mut TcpStream, bytes: &mut Vec<u8>, end: Instant) -> Result<(), u16> {
    let left = end.checked_duration_since(Instant::now()).filter(|it| !it.is_zero()).ok_or(408_u16)?;
    stream.set_read_timeout(Some(left)).map_err(|_| 500_u16)?;
    let mut part = [0; 8192];
    match stream.read(&mut part) {
        Ok(0) => Err(400),
        Ok(count) => {
            bytes.extend_from_slice(&part[..count]);
            Ok(())
        }
        Err(error) if error.kind() == io::ErrorKind::Interrupted => Ok(()),
        Err(_) => Err(408),
    }
}

/// The head, and where the body begins; `None` where there is more to come.
fn head(bytes: &[u8]) -> Result<Option<(Request, usize)>, u16> {
    let mut headers = [httparse::EMPTY_HEADER; HEADERS];
    let mut parsed = httparse::Request::new(&mut headers);
    let httparse::Status::Complete(start) = parsed.parse(bytes).map_err(|_| 400_u16)? else { return Ok(None) };
    let text = |value: &[u8]| String::from_utf8(value.to_vec()).map_err(|_| 400_u16);
    let headers = parsed.headers.iter().map(|it| Ok((it.name.to_ascii_lowercase(), text(it.value)?)));
    let request = Request {
        method: parsed.method.unwrap_or("").to_owned(),
        path: parsed.path.unwrap_or("").to_owned(),
        headers: headers.collect::<Result<_, u16>>()?,
        body: Vec::new(),
    };
    Ok(Some((request, start)))
}

/// An answer.
pub(super) struct Answer {
    status: u16,
    kind: &'static str,
    policy: Option<String>,
    body: Vec<u8>,
}

impl Answer {
    /// A status, in its own words.
    pub(super) fn of(status: u16) -> Self {
        Self::text(status, words(status).as_bytes().to_vec())
    }

    /// A text that no browser takes for anything else.
    pub(super) fn text(status: u16, body: Vec<u8>) -> Self {
        Self { status, kind: "text/plain; charset=utf-8", policy: None, body }
    }

    /// A page and the policy of what it may do.
    pub(super) fn page(html: String, policy: &str) -> Self {
        let (kind, policy) = ("text/html; charset=utf-8", Some(policy.to_owned()));
        Self { status: 200, kind, policy, body: html.into_bytes() }
    }

    /// Sends it, and ends the connection.
    pub(super) fn send(&self, stream: &mut TcpStream) -> io::Result<()> {
        stream.set_write_timeout(Some(PATIENCE))?;
        let policy = self.policy.as_deref().unwrap_or("default-src 'none'");
        let head = format!(
            "HTTP/1.1 {} {}\r\nContent-Type: {}\r\nContent-Length: {}\r\nConnection: close\r\nCache-Control: no-store\r\n\
             Content-Security-Policy: {policy}\r\nX-Content-Type-Options: nosniff\r\nX-Frame-Options: DENY\r\n\
             Referrer-Policy: no-referrer\r\nCross-Origin-Resource-Policy: same-origin\r\n\
             Cross-Origin-Opener-Policy: same-origin\r\n\r\n",
            self.status,
            words(self.status),
            self.kind,
            self.body.len()
        );
        stream.write_all(head.as_bytes())?;
        stream.write_all(&self.body)?;
        stream.flush()
    }
}

fn words(status: u16) -> &'static str {
    match status {
        200 => "OK",
        400 => "Bad Request",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Method Not Allowed",
        408 => "Request Timeout",
        413 => "Content Too Large",
        421 => "Misdirected Request",
        422 => "Unprocessable Content",
        431 => "Request Header Fields Too Large",
        503 => "Service Unavailable",
        _ => "Internal Server Error",
    }
}
