//! What a read makes is let go of when it is done, also what holds itself in a circle.
#![expect(clippy::unwrap_used, reason = "a test may panic")]
#![cfg(target_os = "linux")]

use limbeck::{
    python::{self, NoModules, Settings, Trees},
    source::Sources,
};
use std::{collections::BTreeMap, fmt::Write, fs};

/// Bytes that the process holds.
fn held() -> usize {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|it| it.strip_prefix("VmRSS:")).unwrap();
    line.trim().trim_end_matches(" kB").parse::<usize>().unwrap() * 1024
}

/// A revision in which everything holds itself that can.
fn circles() -> String {
    let mut text = "revision = 'a'\ndown_revision = None\n".to_owned();
    for n in 0..200 {
        write!(
            text,
            "def f{n}(x=1):\n    def inner(): return inner\n    return inner\n\
             class C{n}:\n    def m(self): self.me = self\n    me = None\n\
             c{n} = C{n}()\nc{n}.me = c{n}\nC{n}.me = C{n}\n\
             class E{n}(__import__('enum').Enum):\n    A = 'a'\n    B = 'b'\n\
             l{n} = [f{n}()]\nl{n}.append(l{n})\n\
             d{n} = {{'a': 1}}\nd{n}['b'] = d{n}\n"
        )
        .unwrap();
    }
    text + "def upgrade():\n    pass\n"
}

#[test]
fn a_read_holds_nothing_when_it_is_done() {
    let text = circles();
    let (assume, types) = (BTreeMap::new(), BTreeMap::new());
    let read = |times: usize| {
        for _ in 0..times {
            let sources = Sources::default();
            let id = sources.add("a.py", text.as_str());
            let trees = Trees::default();
            let settings = Settings { assume: &assume, types: &types, modules: &NoModules, trees: &trees };
            assert!(python::read(&sources, id, &settings).revision.is_some());
        }
    };
    read(5);
    let before = held();
    read(30);
    let grown = held().saturating_sub(before);
    assert!(grown < 4 << 20, "30 reads of {} bytes leave {grown} bytes behind", text.len());
}
