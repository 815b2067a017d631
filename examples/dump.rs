use limbeck::{
    op::Op,
    python::{self, NoModules, Settings},
    render::{self, Dialect, Memo},
    revision::Body,
    source::Sources,
};
use serde_json::{Value, json};
use std::collections::BTreeMap;
fn way(sources: &Sources, body: &Body) -> Value {
    let dialect = Dialect { sqlalchemy: (2, 1), naming_convention: BTreeMap::new() };
    let mut memo = Memo::default();
    let (mut st, mut un) = (vec![], vec![]);
    let mut complete = true;
    for step in &body.steps {
        let line = sources.place(step.sent).line;
        if let Op::Unresolved { reason } = &step.op {
            complete = false;
            un.push(json!({"line": line, "reason": reason}));
            continue;
        }
        if !step.when.is_empty() {
            complete = false;
        }
        match render::render(&step.op, &dialect, &mut memo) {
            Ok(texts) => {
                for t in texts {
                    st.push(json!({"sql": t.as_str(), "line": line, "autocommit": step.autocommit, "when": null}));
                }
            }
            Err(e) => {
                complete = false;
                un.push(json!({"line": line, "reason": e.reason}));
            }
        }
    }
    json!({"complete": complete && body.defined, "statements": st, "unresolved": un})
}
fn main() {
    let (assume, types) = (BTreeMap::new(), BTreeMap::new());
    let settings = Settings { assume: &assume, types: &types, modules: &NoModules };
    let mut all = vec![];
    for path in std::env::args().skip(1) {
        let sources = Sources::default();
        let id = sources.add(path.clone(), std::fs::read_to_string(&path).unwrap());
        let read = python::read(&sources, id, &settings);
        let Some(rev) = read.revision else { continue };
        all.push(json!({"revision": rev.id.id, "file": path, "upgrade": way(&sources, &rev.upgrade), "downgrade": way(&sources, &rev.downgrade)}));
    }
    println!("{}", json!({"revisions": all}));
}
