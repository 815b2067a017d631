//! `limbeck playground`: a page on this machine that shows what a revision sends, locks and comes to as one types.
//!
//! It serves on the loopback alone. What is typed is kept in memory for the one check that it is for: no file is read or
//! written, nothing is run. Requests that another page could have made are refused: the `Host` has to be the one that is
//! served (a name that is led to 127.0.0.1 has another), and a check has to come from the served page itself.

mod http;
mod texts;

use super::{Exit, World, report};
use crate::{cli, fault, output};
use http::{Answer, Request};
use miette::Result;
use std::{
    net::{Ipv4Addr, TcpListener, TcpStream},
    process::{Command, Stdio},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
        mpsc,
    },
    thread,
    time::Duration,
};
use texts::Asked;

/// So long a check may take before the page is told that it is too much.
const PATIENCE: Duration = Duration::from_secs(10);
/// So many connections are listened to at once.
const CONNECTIONS: usize = 16;
/// What deeply nested input may take.
const STACK: usize = 64 * 1024 * 1024;

/// What all connections share.
struct Server {
    /// The hosts that are served, with the port.
    hosts: [String; 2],
    busy: Arc<AtomicBool>,
    connections: AtomicUsize,
}

/// While it lives, a check is under way.
struct Turn(Arc<AtomicBool>);

impl Turn {
    fn begin(busy: &Arc<AtomicBool>) -> Option<Self> {
        (!busy.swap(true, Ordering::SeqCst)).then(|| Self(Arc::clone(busy)))
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        self.0.store(false, Ordering::SeqCst);
    }
}

/// Serves until it is ended from outside.
///
/// # Errors
/// The port is taken.
pub(super) fn run(args: &cli::Playground, world: &mut World<'_>) -> Result<Exit> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, args.port))
        .map_err(|error| fault::plain(format!("port {} of 127.0.0.1 cannot be served: {error}", args.port)))?;
    let port = listener.local_addr().map_err(fault::unwritten)?.port();
    let url = format!("http://127.0.0.1:{port}/");
    writeln!(world.out, "{url}").map_err(fault::unwritten)?;
    world.out.flush().map_err(fault::unwritten)?;
    writeln!(world.err, "limbeck: the playground is served to this machine alone; Ctrl-C ends it")
        .map_err(fault::unwritten)?;
    if args.open {
        open(&url);
    }
    let hosts = [format!("127.0.0.1:{port}"), format!("localhost:{port}")];
    let server = Arc::new(Server { hosts, busy: Arc::default(), connections: AtomicUsize::new(0) });
    for stream in listener.incoming().flatten() {
        if server.connections.fetch_add(1, Ordering::SeqCst) >= CONNECTIONS {
            server.connections.fetch_sub(1, Ordering::SeqCst);
            continue;
        }
        let own = Arc::clone(&server);
        let worker = thread::Builder::new().spawn(move || {
            own.serve(stream);
            own.connections.fetch_sub(1, Ordering::SeqCst);
        });
        if worker.is_err() {
            server.connections.fetch_sub(1, Ordering::SeqCst);
        }
    }
    Ok(Exit::Clean)
}

/// Asks the desktop for a browser; where there is none, the address is on the terminal.
fn open(url: &str) {
    let (program, before): (&str, &[&str]) = match std::env::consts::OS {
        "macos" => ("open", &[]),
        "windows" => ("rundll32", &["url.dll,FileProtocolHandler"]),
        _ => ("xdg-open", &[]),
    };
    let mut command = Command::new(program);
    let quiet = command.args(before).arg(url).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    drop(quiet.spawn());
}

impl Server {
    fn serve(&self, mut stream: TcpStream) {
        let answer = match http::read(&mut stream) {
            Ok(request) => self.answer(&request),
            Err(status) => Answer::of(status),
        };
        // Whoever has gone away is told nothing.
        let _ = answer.send(&mut stream);
    }

    fn answer(&self, request: &Request) -> Answer {
        let host = request.header("host").filter(|it| self.hosts.iter().any(|own| own == it));
        let Some(host) = host else { return Answer::of(421) };
        match (request.method.as_str(), request.path.as_str()) {
            ("GET", "/") => {
                let page = output::playground::page();
                Answer::page(page.html, &page.policy)
            }
            ("POST", "/check") => {
                let from_here = request.header("origin") == Some(&format!("http://{host}"))
                    && request.header("sec-fetch-site").is_none_or(|it| it == "same-origin")
                    && request.header("content-type") == Some("application/json");
                if from_here { self.check(&request.body) } else { Answer::of(403) }
            }
            (_, "/" | "/check") => Answer::of(405),
            _ => Answer::of(404),
        }
    }

    /// One check at a time, and each within its time: one that takes longer goes on to the reader's limits, and the next
    /// waits for it.
    fn check(&self, body: &[u8]) -> Answer {
        let Ok(asked) = serde_json::from_slice::<Asked>(body) else { return Answer::of(400) };
        let Some(turn) = Turn::begin(&self.busy) else { return Answer::of(503) };
        let (send, receive) = mpsc::channel();
        let worker = thread::Builder::new().stack_size(STACK).spawn(move || {
            let page = told(&asked);
            drop(turn);
            // Nobody may be waiting any more.
            let _ = send.send(page);
        });
        if worker.is_err() {
            return Answer::of(503);
        }
        match receive.recv_timeout(PATIENCE) {
            Ok(Ok(page)) => Answer::text(200, page),
            Ok(Err(why)) => Answer::text(422, why.into_bytes()),
            Err(mpsc::RecvTimeoutError::Timeout) => {
                Answer::text(422, format!("this takes longer than {} seconds", PATIENCE.as_secs()).into_bytes())
            }
            Err(mpsc::RecvTimeoutError::Disconnected) => Answer::of(500),
        }
    }
}

/// The page of a report of what is asked, or why there is none.
fn told(asked: &Asked) -> std::result::Result<Vec<u8>, String> {
    let (project, policy) = texts::project(asked)?;
    let report = project.check(&policy, None).map_err(|error| error.to_string())?;
    report::page(&project, &report, &output::Paths::default()).map_err(|error| error.to_string())
}
