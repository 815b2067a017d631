use limbeck::{
    op::Op,
    python::{self, NoModules, Settings},
    source::Sources,
};
use std::collections::BTreeMap;
fn main() {
    let (assume, types) = (BTreeMap::new(), BTreeMap::new());
    let settings = Settings { assume: &assume, types: &types, modules: &NoModules };
    let mut reasons: BTreeMap<String, usize> = BTreeMap::new();
    let (mut steps, mut revs, mut bad) = (0, 0, 0);
    for path in std::env::args().skip(1) {
        let sources = Sources::default();
        let id = sources.add(path.clone(), std::fs::read_to_string(&path).unwrap());
        let read = python::read(&sources, id, &settings);
        for f in &read.findings {
            println!("{path}: {} {}", f.rule, f.message);
        }
        let Some(rev) = read.revision else { continue };
        revs += 1;
        let mut b = false;
        for step in rev.upgrade.steps.iter().chain(&rev.downgrade.steps) {
            steps += 1;
            if let Op::Unresolved { reason } = &step.op {
                b = true;
                *reasons.entry(reason.clone()).or_default() += 1;
                if std::env::var("SHOW").is_ok() {
                    println!("{path}:{} {reason}", sources.place(step.span).line);
                }
            }
        }
        if b {
            bad += 1;
        }
    }
    let mut r: Vec<_> = reasons.into_iter().collect();
    r.sort_by_key(|(_, n)| std::cmp::Reverse(*n));
    for (reason, n) in r.iter().take(60) {
        println!("{n:5} {reason}");
    }
    println!("{revs} revisions, {bad} with unresolved, {steps} steps");
}
