//! The folder is the registry: every `src/rules/a_b.rs` has its `rules/a-b.md`, and the list is written from them.

use std::{collections::BTreeSet, env, error::Error, fmt::Write, fs, path::Path};

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed=src/rules");
    println!("cargo::rerun-if-changed=rules");
    let root = env::var("CARGO_MANIFEST_DIR")?;
    let code = names(&Path::new(&root).join("src/rules"), "rs")?;
    let documents = names(&Path::new(&root).join("rules"), "md")?;
    let twins: BTreeSet<String> = code.iter().map(|name| name.replace('_', "-")).collect();
    if twins != documents {
        let odd: Vec<&String> = twins.symmetric_difference(&documents).collect();
        return Err(format!("rules and their documents differ: {odd:?}").into());
    }
    let mut list = String::new();
    for module in &code {
        writeln!(list, "#[path = {:?}]\nmod {module};", format!("{root}/src/rules/{module}.rs"))?;
    }
    writeln!(list, "/// Every rule, by name.\npub static ALL: &[Rule] = &[")?;
    for module in &code {
        let name = module.replace('_', "-");
        let document = format!("{root}/rules/{name}.md");
        writeln!(list, "    Rule {{ name: {name:?}, doc: include_str!({document:?}), spec: &{module}::SPEC }},")?;
    }
    writeln!(list, "];")?;
    fs::write(Path::new(&env::var("OUT_DIR")?).join("rules.rs"), list)?;
    Ok(())
}

/// The file stems with an extension in a folder; `README.md` is the folder's own.
fn names(folder: &Path, extension: &str) -> Result<BTreeSet<String>, Box<dyn Error>> {
    let mut names = BTreeSet::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.extension().is_some_and(|it| it == extension)
            && let Some(stem) = path.file_stem().and_then(|stem| stem.to_str())
            && stem != "README"
        {
            names.insert(stem.to_owned());
        }
    }
    Ok(names)
}
