//! `limbeck server`: the language server protocol on standard input and output.
//!
//! What an editor has not saved counts. All that has come in is taken before the histories are read again, so that a
//! fast writer costs one check and not one for each letter. Texts are synchronised as a whole: they are small.

mod answer;
mod documents;
mod place;

use super::{Exit, World, memory::Memory};
use crate::fault;
use answer::Answer;
use lsp_server::{Connection, ErrorCode, Message, Notification, Request, Response};
use miette::Result;
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::{Value, json};
use std::{collections::BTreeMap, path::PathBuf, sync::Arc, time::Duration};

/// So long nothing may come in before the histories are checked again. What comes in during a check waits for its end,
/// so that a fast writer does not pile checks up.
const PAUSE: Duration = Duration::from_millis(10);

/// What the editor has told, and was told.
#[derive(Default)]
struct State {
    roots: Vec<PathBuf>,
    /// What is kept of each root.
    memories: BTreeMap<PathBuf, Arc<Memory>>,
    unsaved: BTreeMap<PathBuf, String>,
    /// Where the documents of the rules are.
    documents: Option<PathBuf>,
    /// What was answered last, by root.
    answers: Vec<Answer>,
    /// What the editor shows, by file.
    told: BTreeMap<String, Vec<Value>>,
    dirty: bool,
}

#[derive(Deserialize)]
struct Document {
    uri: String,
    text: Option<String>,
}

#[derive(Deserialize)]
struct Change {
    text: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Changed {
    text_document: Document,
    #[serde(default)]
    content_changes: Vec<Change>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Asked {
    text_document: Document,
    position: Option<place::Position>,
    range: Option<place::Range>,
}

/// Serves until the editor is done.
///
/// # Errors
/// What comes in is not the protocol.
pub(super) fn run(world: &mut World<'_>) -> Result<Exit> {
    let (connection, threads) = Connection::stdio();
    let capabilities = json!({
        "textDocumentSync": { "openClose": true, "change": 1, "save": true },
        "hoverProvider": true,
        "codeActionProvider": { "codeActionKinds": ["quickfix"] },
        "positionEncoding": "utf-16",
    });
    let asked = connection.initialize(capabilities).map_err(broken)?;
    let mut state =
        State { roots: roots(&asked, world), documents: documents::written(), dirty: true, ..State::default() };
    serve(&connection, &mut state)?;
    drop(connection);
    threads.join().map_err(fault::unwritten)?;
    Ok(Exit::Clean)
}

fn serve(connection: &Connection, state: &mut State) -> Result<()> {
    loop {
        let message = if state.dirty {
            match connection.receiver.recv_timeout(PAUSE) {
                Ok(message) => Some(message),
                Err(error) if error.is_timeout() => None,
                Err(_) => return Ok(()),
            }
        } else {
            match connection.receiver.recv() {
                Ok(message) => Some(message),
                Err(_) => return Ok(()),
            }
        };
        match message {
            None => state.publish(connection)?,
            Some(Message::Request(request)) => {
                if connection.handle_shutdown(&request).map_err(broken)? {
                    return Ok(());
                }
                if state.dirty {
                    state.publish(connection)?;
                }
                send(connection, Message::Response(state.response(request)))?;
            }
            Some(Message::Notification(notification)) => state.heard(notification),
            Some(Message::Response(_)) => {}
        }
    }
}

impl State {
    /// Takes over what the editor says of its texts.
    fn heard(&mut self, notification: Notification) {
        let method = notification.method.as_str();
        if !method.starts_with("textDocument/did") && method != "workspace/didChangeWatchedFiles" {
            return;
        }
        self.dirty = true;
        let Some(changed) = read::<Changed>(notification.params) else { return };
        let Some(path) = place::path_of(&changed.text_document.uri) else { return };
        if method == "textDocument/didClose" {
            self.unsaved.remove(&path);
        } else if let Some(text) = changed.content_changes.into_iter().map(|it| it.text).next_back() {
            self.unsaved.insert(path, text);
        } else if let Some(text) = changed.text_document.text {
            self.unsaved.insert(path, text);
        }
    }

    /// Checks again and sends what is wrong in each file where that is not what the editor shows already.
    fn publish(&mut self, connection: &Connection) -> Result<()> {
        self.dirty = false;
        self.answers.clear();
        let mut files: BTreeMap<String, Vec<Value>> = BTreeMap::new();
        for root in &self.roots {
            let memory = self.memories.entry(root.clone()).or_insert_with(|| Arc::new(Memory::new()));
            if memory.is_full() {
                *memory = Arc::new(Memory::new());
            }
            match Answer::new(root, &self.unsaved, memory) {
                Ok(answer) => {
                    for (uri, diagnostics) in answer.diagnostics(self.documents.as_deref()) {
                        files.entry(uri).or_default().extend(diagnostics);
                    }
                    self.answers.push(answer);
                }
                // A folder without a history is no fault of the person who opens it.
                Err(error) => log(connection, &format!("{error}"))?,
            }
        }
        for uri in self.told.keys().filter(|it| !files.contains_key(*it)).cloned().collect::<Vec<_>>() {
            tell(connection, &uri, &[])?;
        }
        for (uri, diagnostics) in files.iter().filter(|(uri, now)| self.told.get(*uri) != Some(now)) {
            tell(connection, uri, diagnostics)?;
        }
        self.told = files;
        Ok(())
    }

    fn response(&self, request: Request) -> Response {
        let Some(asked) = read::<Asked>(request.params) else {
            let message = "the parameters are not understood".to_owned();
            return Response::new_err(request.id, ErrorCode::InvalidParams as i32, message);
        };
        let path = place::path_of(&asked.text_document.uri);
        let found = |answer: &Answer| -> Option<Value> {
            let path = path.as_deref()?;
            match request.method.as_str() {
                "textDocument/hover" => answer.hover(path, asked.position?),
                "textDocument/codeAction" => answer.actions(path, &asked.text_document.uri, asked.range?, self),
                _ => None,
            }
        };
        match request.method.as_str() {
            "textDocument/hover" | "textDocument/codeAction" => {
                Response::new_ok(request.id, self.answers.iter().find_map(found).unwrap_or(Value::Null))
            }
            other => {
                let message = format!("`{other}` is not served");
                Response::new_err(request.id, ErrorCode::MethodNotFound as i32, message)
            }
        }
    }
}

/// The folders that the editor has open.
fn roots(asked: &Value, world: &World<'_>) -> Vec<PathBuf> {
    let folders = asked["workspaceFolders"].as_array().into_iter().flatten();
    let mut roots: Vec<PathBuf> = folders.filter_map(|it| place::path_of(it["uri"].as_str()?)).collect();
    if roots.is_empty() {
        roots.extend(asked["rootUri"].as_str().and_then(place::path_of));
    }
    if roots.is_empty() {
        roots.push(world.here.clone());
    }
    roots
}

fn read<T: DeserializeOwned>(value: Value) -> Option<T> {
    serde_json::from_value(value).ok()
}

fn tell(connection: &Connection, uri: &str, diagnostics: &[Value]) -> Result<()> {
    notify(connection, "textDocument/publishDiagnostics", json!({ "uri": uri, "diagnostics": diagnostics }))
}

fn log(connection: &Connection, message: &str) -> Result<()> {
    notify(connection, "window/logMessage", json!({ "type": 3, "message": message }))
}

fn notify(connection: &Connection, method: &str, params: Value) -> Result<()> {
    send(connection, Message::Notification(Notification { method: method.to_owned(), params }))
}

fn send(connection: &Connection, message: Message) -> Result<()> {
    connection.sender.send(message).map_err(broken)
}

fn broken(error: impl std::fmt::Display) -> miette::Report {
    fault::plain(format!("the editor does not speak the protocol: {error}"))
}
