//! The binary as its callers see it: streams and exit codes.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::{
    fs,
    path::Path,
    process::{Command, Output, Stdio},
};
use tempfile::TempDir;

fn limbeck(here: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_limbeck"));
    command.args(arguments).current_dir(here).env_remove("NO_COLOR").output().unwrap()
}

fn err(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

fn out(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn repository(config: &str) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let versions = folder.path().join("m/versions");
    fs::create_dir_all(&versions).unwrap();
    fs::create_dir(folder.path().join(".git")).unwrap();
    fs::write(folder.path().join("m/env.py"), "").unwrap();
    fs::write(versions.join("1.py"), "revision = 'a'\ndown_revision = None\n").unwrap();
    if !config.is_empty() {
        fs::write(folder.path().join("limbeck.toml"), config).unwrap();
    }
    folder
}

#[test]
fn rules_are_listed_and_explained() {
    let here = tempfile::tempdir().unwrap();
    let listed = limbeck(here.path(), &["rules"]);
    assert_eq!(listed.status.code(), Some(0));
    let json: serde_json::Value =
        serde_json::from_slice(&limbeck(here.path(), &["rules", "--format", "json"]).stdout).unwrap();
    for rule in json["rules"].as_array().unwrap() {
        let name = rule["name"].as_str().unwrap();
        assert!(out(&listed).contains(name), "{name}");
        let explained = limbeck(here.path(), &["explain", name]);
        assert!(out(&explained).starts_with(&format!("# {name}")), "{name}");
        assert_eq!((explained.status.code(), err(&explained).as_str()), (Some(0), ""));
    }
    let unknown = limbeck(here.path(), &["explain", "unreachable-sections"]);
    assert_eq!((unknown.status.code(), out(&unknown).as_str()), (Some(2), ""));
    assert!(err(&unknown).contains("`unreachable-section` is the nearest"), "{}", err(&unknown));
}

#[test]
fn the_schema_of_the_configuration_is_one() {
    let here = tempfile::tempdir().unwrap();
    let schema: serde_json::Value = serde_json::from_slice(&limbeck(here.path(), &["config-schema"]).stdout).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let full = "select = ['python-syntax', 'alembic']\nignore = []\npostgres = 15\nsince = 'a'\nexclude = ['x/*.py']\n\
                schemas = ['app']\nsqlalchemy = '2.0'\ndriver = 'asyncpg'\n[severity]\npython-syntax = 'note'\nalembic = 'off'\n[per-file-ignores]\n\
                '1.py' = ['alembic']\n[assume]\n'a.b' = 1\nc.d = [true, 1.5, 'x']\n[types]\napp.Money = 'numeric'\n";
    limbeck::config::parse(full, false, ".").unwrap();
    let valid = |text: &str| validator.is_valid(&serde_json::to_value(text.parse::<toml::Table>().unwrap()).unwrap());
    assert!(valid(full));
    for bad in [
        "selct = []\n",
        "select = ['nothing']\n",
        "postgres = '15'\n",
        "postgres = 8\n",
        "sqlalchemy = 'two'\n",
        "sqlalchemy = 2.0\n",
        "driver = 'psycopg3'\n",
        "since = ''\n",
        "[severity]\nnothing = 'note'\n",
        "[severity]\nalembic = 'bad'\n",
        "[per-file-ignores]\n'x' = 'alembic'\n",
        "[types]\na = 1\n",
    ] {
        assert!(!valid(bad), "{bad}");
        assert!(limbeck::config::parse(bad, false, ".").is_err(), "{bad}");
    }
}

#[test]
fn a_mistake_in_the_configuration_points_at_its_line() {
    for (config, line, said) in [
        ("\nselct = []\n", 2, "there is no key `selct`"),
        ("select = [\n  'python-sintax',\n]\n", 2, "there is no rule `python-sintax`"),
        ("postgres = 'x'\n", 1, "`postgres` takes a major version"),
        ("[severity]\nalembic = 'eror'\n", 2, "there is no severity `eror`"),
        ("[per-file-ignores]\n'[' = []\n", 2, "this is no glob"),
        ("a = [\n", 1, "unclosed array"),
    ] {
        let folder = repository(config);
        let output = limbeck(folder.path(), &["check"]);
        let told = err(&output);
        assert_eq!((output.status.code(), out(&output).as_str()), (Some(2), ""), "{told}");
        assert!(told.contains(said) && told.contains(&format!("limbeck.toml:{line}:")), "{told}");
        assert!(!told.contains('\u{1b}'), "{told}");
    }
}

#[test]
fn the_nearest_configuration_counts_unless_told_otherwise() {
    let folder = repository("outer = 1\n");
    let from = folder.path().join("m");
    assert!(err(&limbeck(&from, &["check"])).contains("../limbeck.toml:1"));
    fs::write(from.join("pyproject.toml"), "[tool.limbeck]\ninner = 1\n").unwrap();
    assert!(err(&limbeck(&from, &["check"])).contains("`inner`"));
    assert!(err(&limbeck(folder.path(), &["check", "m"])).contains("m/pyproject.toml:2"));
    assert!(err(&limbeck(&from, &["check", "--config", "../limbeck.toml"])).contains("`outer`"));
    assert!(err(&limbeck(&from, &["check", "--config", "none.toml"])).contains("`none.toml` cannot be read"));
    assert!(!err(&limbeck(&from, &["check", "--no-config"])).contains("key"));
    assert_eq!(limbeck(&from, &["check", "--no-config", "--config", "x"]).status.code(), Some(2));
}

#[test]
fn what_cannot_be_done_ends_with_two() {
    let empty = tempfile::tempdir().unwrap();
    let nothing = limbeck(empty.path(), &["check"]);
    assert_eq!(nothing.status.code(), Some(2));
    assert!(err(&nothing).contains("there are no revisions in `.`"), "{}", err(&nothing));
    for arguments in [
        &["check", "none"][..],
        &["check", "--format", "xml"],
        &["check", "--format", "json", "--format", "sarif"],
        &["check", "--fail-on", "x"],
        &["check", "--postgres", "1"],
        &["sql", "--sqlalchemy", "two"],
        &["nonsense"],
        &[],
    ] {
        let output = limbeck(empty.path(), arguments);
        assert_eq!((output.status.code(), out(&output).as_str()), (Some(2), ""), "{arguments:?}");
        assert!(!err(&output).is_empty(), "{arguments:?}");
    }
    assert_eq!(limbeck(empty.path(), &["--help"]).status.code(), Some(0));
}

#[cfg(unix)]
#[test]
fn a_closed_pipe_ends_quietly() {
    let here = tempfile::tempdir().unwrap();
    let mut child = Command::new(env!("CARGO_BIN_EXE_limbeck"))
        .args(["explain", "unreachable-section"])
        .current_dir(here.path())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!((output.status.code(), err(&output).as_str()), (Some(0), ""));
}

/// Root reads everything, so that the binary is run as `nobody` where the tests are root's.
#[cfg(unix)]
#[test]
fn what_cannot_be_read_is_an_error_with_its_path() {
    use std::os::unix::fs::{MetadataExt, PermissionsExt};
    let folder = repository("");
    let allow = |path: &Path, mode: u32| fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    allow(folder.path(), 0o755);
    // The built binary may stand in a folder that `nobody` cannot enter.
    let binary = folder.path().join("limbeck");
    fs::copy(env!("CARGO_BIN_EXE_limbeck"), &binary).unwrap();
    allow(&binary, 0o755);
    let is_root = fs::metadata("/proc/self").is_ok_and(|it| it.uid() == 0);
    let run = |arguments: &[&str]| {
        let mut command = if is_root { Command::new("setpriv") } else { Command::new(&binary) };
        if is_root {
            command.args(["--reuid=65534", "--regid=65534", "--clear-groups"]).arg(&binary);
        }
        command.args(arguments).current_dir(folder.path()).output().unwrap()
    };
    let versions = folder.path().join("m/versions");
    for (path, mode, shown) in [
        (versions.join("1.py"), 0o644, "m/versions/1.py"),
        (versions.clone(), 0o755, "m/versions"),
        (folder.path().join("m"), 0o755, "`m`"),
    ] {
        allow(&path, 0o000);
        let output = run(&["check"]);
        allow(&path, mode);
        let told = err(&output);
        assert_eq!(output.status.code(), Some(2), "{told}");
        assert!(told.contains(shown) && told.contains("permission denied"), "{told}");
    }
    // A folder apart from what was given is only searched for settings.
    let apart = folder.path().join("apart");
    fs::create_dir(&apart).unwrap();
    allow(&apart, 0o000);
    let output = run(&["history", "m"]);
    allow(&apart, 0o755);
    assert!(err(&output).contains("`apart` cannot be read: permission denied, so it was not searched"));
}
