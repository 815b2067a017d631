//! A revision file of any bytes: it is read, rendered and parsed without panic, whatever it says.
#![no_main]

use libfuzzer_sys::fuzz_target;
use limbeck::{
    check,
    python::{self, NoModules, Settings},
    render::Dialect,
    source::Sources,
};
use std::collections::BTreeMap;

fuzz_target!(|bytes: &[u8]| {
    let sources = Sources::default();
    let id = sources.add("versions/a.py", String::from_utf8_lossy(bytes));
    let (assume, types) = (BTreeMap::new(), BTreeMap::new());
    let read = python::read(&sources, id, &Settings { assume: &assume, types: &types, modules: &NoModules });
    if let Some(revision) = read.revision {
        for sqlalchemy in [(2, 1), (2, 0)] {
            let dialect = Dialect { sqlalchemy, naming_convention: BTreeMap::new() };
            let _ = check::migrate(&revision, &dialect);
        }
    }
});
