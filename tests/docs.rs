//! What the documents say is so: blocks of output are what the binary prints, recipes pass their own rules, the
//! reference of the configuration is that of the code.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

#[path = "docs/commands.rs"]
mod commands;
#[path = "roundtrip/programs.rs"]
mod programs;

use limbeck::{config, rules};
use serde_json::Value;
use std::{fs, path::Path, process::Command};

fn limbeck(folder: &Path, arguments: &[&str]) -> (String, Option<i32>) {
    let output = Command::new(env!("CARGO_BIN_EXE_limbeck")).args(arguments).current_dir(folder).output().unwrap();
    (String::from_utf8(output.stdout).unwrap(), output.status.code())
}

/// Info string and text of each block.
fn blocks(document: &str) -> Vec<(String, String)> {
    let mut blocks = Vec::new();
    let mut open: Option<(String, String)> = None;
    for line in document.lines() {
        match (&mut open, line.strip_prefix("```")) {
            (None, Some(info)) => open = Some((info.to_owned(), String::new())),
            (Some(_), Some(_)) => blocks.extend(open.take()),
            (Some((_, text)), None) => text.extend([line, "\n"]),
            (None, None) => {}
        }
    }
    blocks
}

fn documents() -> Vec<String> {
    let top = ["README", "SECURITY", "CHANGELOG", "ARCHITECTURE", "CONTRIBUTING", "pre-commit/README"];
    let mut paths: Vec<String> = top.iter().map(|it| format!("{it}.md")).collect();
    let docs = fs::read_dir("docs").unwrap().map(|it| format!("docs/{}", it.unwrap().file_name().to_str().unwrap()));
    paths.extend(docs);
    paths.sort();
    paths
}

/// The picture of the output in the README is the output.
#[test]
fn the_output_in_the_readme_is_real() {
    let readme = fs::read_to_string("README.md").unwrap();
    let shown = blocks(&readme).into_iter().map(|(_, text)| text).find(|it| it.starts_with("error[")).unwrap();
    let arguments = ["check", "--fail-on", "never", "fixtures/non-concurrent-index-of-a-new-column"];
    let (printed, _) = limbeck(Path::new("."), &arguments);
    let lines = |text: &str| text.lines().map(|it| it.trim_end().to_owned()).collect::<Vec<_>>();
    let (shown, printed) = (lines(&shown), lines(&printed));
    // A line that is cut for the page ends in `…`.
    let same = |(shown, printed): (&String, &String)| match shown.strip_suffix('…') {
        Some(start) => printed.starts_with(start),
        None => shown == printed,
    };
    let found = printed.windows(shown.len()).any(|window| shown.iter().zip(window).all(same));
    assert!(found, "the README shows\n{}\nwhich is not in\n{}", shown.join("\n"), printed.join("\n"));
}

#[test]
fn the_reference_of_the_configuration_is_that_of_the_code() {
    let path = "docs/configuration.md";
    let manual = config::manual();
    if std::env::var("INSTA_UPDATE").is_ok_and(|it| it == "always") {
        fs::write(path, &manual).unwrap();
    }
    assert_eq!(fs::read_to_string(path).unwrap_or_default(), manual, "INSTA_UPDATE=always writes it anew");
}

#[test]
fn rules_that_documents_name_exist() {
    let text = fs::read_to_string("docs/coming-from.md").unwrap();
    let (_, table) = text.split_once("| squawk's rule | here |").unwrap();
    let named = table.lines().take_while(|it| !it.starts_with("**")).filter_map(|it| it.rsplit('`').nth(1));
    let named: Vec<&str> = named.collect();
    assert!(named.len() >= 4);
    for name in named {
        assert!(rules::find(name).is_some(), "there is no rule {name}");
    }
}

fn revision(number: usize, body: &str) -> String {
    let parent = if number == 1 { "None".to_owned() } else { format!("\"r{}\"", number - 1) };
    revision_named(&format!("r{number}"), &parent, body)
}

/// `parent` as Python writes it.
fn revision_named(id: &str, parent: &str, body: &str) -> String {
    format!(
        "from alembic import op\nimport sqlalchemy as sa\n\nrevision = \"{id}\"\ndown_revision = {parent}\n\n\n{body}"
    )
}

fn found(bodies: &[&str]) -> Vec<String> {
    let folder = tempfile::tempdir().unwrap();
    let versions = folder.path().join("versions");
    fs::create_dir(&versions).unwrap();
    fs::write(folder.path().join("env.py"), "").unwrap();
    for (at, body) in bodies.iter().enumerate() {
        fs::write(versions.join(format!("r{}.py", at + 1)), revision(at + 1, body)).unwrap();
    }
    let (report, code) = limbeck(folder.path(), &["check", "--fail-on", "never", "--format", "json"]);
    assert_eq!(code, Some(0));
    let report: Value = serde_json::from_str(&report).unwrap();
    let findings = report["findings"].as_array().unwrap().iter().filter(|it| it["suppressed"] == false);
    findings.map(|it| format!("{} in {}", it["rule"].as_str().unwrap(), it["revision"])).collect()
}

#[test]
fn recipes_pass_their_own_rules() {
    let text = fs::read_to_string("docs/recipes.md").unwrap();
    let mut recipes = 0;
    for section in text.split("\n## ").skip(1) {
        let blocks = blocks(section);
        let of = |kind: &str| -> Vec<&str> {
            blocks.iter().filter(|(info, _)| info == &format!("python {kind}")).map(|(_, text)| text.as_str()).collect()
        };
        let title = section.lines().next().unwrap();
        let history = [of("given"), of("good")].concat();
        assert!(history.len() > 1, "{title}");
        assert_eq!(found(&history), [""; 0], "{title}");
        for (info, body) in blocks.iter().filter(|(info, _)| info.starts_with("python bad ")) {
            let rule = info.strip_prefix("python bad ").unwrap();
            let found = found(&[of("given"), vec![body]].concat());
            assert!(
                found.iter().any(|it| it.starts_with(&format!("{rule} in "))),
                "{title}: {rule} is not in {found:?}"
            );
        }
        recipes += 1;
    }
    assert!(recipes > 2);
}

#[test]
fn the_version_is_the_same_everywhere() {
    let version = env!("CARGO_PKG_VERSION");
    let mirror = fs::read_to_string("pre-commit/pyproject.toml").unwrap();
    assert!(mirror.contains(&format!("version = \"{version}\"\ndependencies = [\"limbeck=={version}\"]")), "{mirror}");
    assert!(fs::read_to_string("pre-commit/README.md").unwrap().contains(&format!("rev: v{version}")));
}
