//! Every rule by which histories are found, in folders made for the purpose.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

use limbeck::discover::{Discovered, Given, Wish, discover};
use std::{
    fs,
    path::{Path, PathBuf},
};
use tempfile::TempDir;

const REVISION: &str = "revision = 'a'\ndown_revision = None\n";

/// A repository with these files; a path that ends with `/` is a folder.
fn repository(files: &[(&str, &str)]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join(".git")).unwrap();
    for (path, text) in files {
        let path = folder.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    folder
}

fn find_with(root: &Path, paths: &[&str], wish: &Wish) -> miette::Result<Discovered> {
    let paths: Vec<PathBuf> = paths.iter().map(PathBuf::from).collect();
    discover(Given::new(root, &paths)?, wish)
}

fn find(folder: &TempDir, paths: &[&str]) -> Discovered {
    find_with(folder.path(), paths, &Wish::default()).unwrap()
}

fn refuse(folder: &TempDir, paths: &[&str]) -> String {
    format!("{:?}", find_with(folder.path(), paths, &Wish::default()).unwrap_err())
}

/// `script folder: revision files`, for each environment.
fn told(found: &Discovered) -> Vec<String> {
    let of = |it: &limbeck::environment::Environment| {
        let files: Vec<String> = it.files.iter().map(|id| found.sources.get(*id).path.clone()).collect();
        format!("{}: {}", it.folder, files.join(" "))
    };
    found.environments.iter().map(of).collect()
}

fn selected(found: &Discovered) -> Vec<String> {
    let ids = found.environments.iter().flat_map(|it| it.selected.clone().unwrap_or_default());
    ids.map(|id| found.sources.get(id).path.clone()).collect()
}

#[test]
fn script_location_is_relative_to_the_ini_or_a_folder_above() {
    for (ini, location) in [
        ("db/alembic.ini", "alembic"),
        ("db/alembic.ini", "%(here)s/alembic"),
        ("db/alembic.ini", "./x/../alembic"),
        ("db/alembic.ini", "db/alembic"),
        ("db/conf/alembic.ini", "%(here)s/../alembic"),
        ("alembic.ini", "db:alembic"),
    ] {
        let text = format!("[alembic]\nscript_location = {location}\n");
        let folder = repository(&[
            (ini, &text),
            ("db/x/y", ""),
            ("db/alembic/env.py", ""),
            ("db/alembic/versions/1.py", REVISION),
        ]);
        assert_eq!(told(&find(&folder, &[])), ["db/alembic: db/alembic/versions/1.py"], "{ini} {location}");
    }
}

#[test]
fn an_absolute_location_must_be_inside() {
    let folder = repository(&[("m/versions/1.py", REVISION)]);
    let inside = folder.path().join("m");
    fs::write(folder.path().join("alembic.ini"), format!("[alembic]\nscript_location = {}\n", inside.display()))
        .unwrap();
    assert_eq!(told(&find(&folder, &[])), ["m: m/versions/1.py"]);
    fs::write(folder.path().join("alembic.ini"), "[alembic]\nscript_location = /usr\n").unwrap();
    let refused = refuse(&folder, &[]);
    assert!(refused.contains("lies outside of the checkout") && refused.contains("alembic.ini:2"), "{refused}");
    // With an `env.py` the folder is found all the same, and the search says so.
    fs::write(folder.path().join("m/env.py"), "").unwrap();
    let found = find(&folder, &[]);
    assert_eq!(told(&found), ["m: m/versions/1.py"]);
    assert!(found.talk[0].starts_with("alembic.ini:2: script location `/usr` lies outside"), "{:?}", found.talk);
}

#[test]
fn what_was_given_needs_no_settings_above_it() {
    let folder = repository(&[("alembic.ini", "[alembic]\nscript_location = gone\n"), ("m/versions/1.py", REVISION)]);
    assert!(refuse(&folder, &[]).contains("alembic.ini:2"));
    let found = find(&folder, &["m"]);
    assert_eq!(told(&found), ["m: m/versions/1.py"]);
    assert!(found.talk[0].contains("script location `gone` is not a folder"), "{:?}", found.talk);
    let config = limbeck::config::parse("exclude = ['/alembic.ini']\n", false, ".").unwrap();
    let wish = Wish { exclude: config.exclude, ..Wish::default() };
    assert!(find_with(folder.path(), &["m"], &wish).unwrap().talk.is_empty());
}

#[test]
fn packages_are_resolved_in_the_checkout() {
    for ini in ["", "prepend_sys_path = lib\n"] {
        let text = format!("[alembic]\n{ini}script_location = app.db:migrations\n");
        for place in ["", "src/", "lib/", "services/one/"] {
            let package = format!("{place}app/db/__init__.py");
            let revision = format!("{place}app/db/migrations/versions/1.py");
            let folder = repository(&[("alembic.ini", &text), (&package, ""), (&revision, REVISION)]);
            assert_eq!(told(&find(&folder, &[])), [format!("{place}app/db/migrations: {revision}")]);
        }
    }
    let text = "[alembic]\nscript_location = app:migrations\n";
    let folder = repository(&[
        ("alembic.ini", text),
        ("one/x/app/__init__.py", ""),
        ("two/x/app/__init__.py", ""),
        ("one/x/app/migrations/versions/1.py", REVISION),
    ]);
    let refused = refuse(&folder, &[]);
    assert!(refused.contains("several"), "{refused}");
}

#[test]
fn version_locations_are_split_as_alembic_splits_them() {
    let text = |setting: &str| format!("[alembic]\nscript_location = m\n{setting}\n");
    for setting in [
        "version_locations = m/one m/two, three",
        "version_locations = %(here)s/m/one,%(here)s/m/two,three",
        "version_path_separator = os\nversion_locations = m/one:m/two:three",
        "path_separator = os\nversion_path_separator = nonsense\nversion_locations = m/one:m/two:three",
        "path_separator = :\nversion_locations = m/one:m/two:three",
        "path_separator = ;\nversion_locations = m/one;m/two;three",
        "path_separator = space\nversion_locations = m/one m/two  three",
        "path_separator = newline\nversion_locations =\n  m/one\n  # no\n  m/two\n\n  three",
    ] {
        let folder = repository(&[
            ("alembic.ini", &text(setting)),
            ("m/one/1.py", REVISION),
            ("m/two/2.py", REVISION),
            ("three/3.py", REVISION),
            ("m/versions/4.py", REVISION),
        ]);
        assert_eq!(told(&find(&folder, &[])), ["m: m/one/1.py m/two/2.py three/3.py"], "{setting}");
    }
    // The template of Alembic 1.7 to 1.15 had a comment there, which is part of the value.
    let folder = repository(&[
        ("alembic.ini", &text("version_path_separator = os  # Use os.pathsep\nversion_locations = m/one")),
        ("m/one/1.py", REVISION),
    ]);
    let refused = refuse(&folder, &[]);
    assert!(refused.contains("alembic.ini:3") && refused.contains("no comment may follow"), "{refused}");
}

#[test]
fn files_are_chosen_as_alembic_chooses_them() {
    let ini = |recursive: &str| format!("[alembic]\nscript_location = m\nrecursive_version_locations = {recursive}\n");
    let files = |recursive: &str| {
        let ini = ini(recursive);
        let folder = repository(&[
            ("alembic.ini", &ini),
            ("m/versions/b.py", REVISION),
            ("m/versions/a.py", REVISION),
            ("m/versions/.hidden.py", REVISION),
            ("m/versions/.#b.py", REVISION),
            ("m/versions/__init__.py", ""),
            ("m/versions/a.pyc", ""),
            ("m/versions/a.PY", ""),
            ("m/versions/notes.txt", ""),
            ("m/versions/__pycache__/c.py", ""),
            ("m/versions/2024/d.py", REVISION),
        ]);
        told(&find(&folder, &[]))
    };
    assert_eq!(files("false"), ["m: m/versions/.hidden.py m/versions/a.py m/versions/b.py"]);
    // Alembic compares with `true`, and nothing else is.
    assert_eq!(files("True"), files("false"));
    assert_eq!(files("true"), ["m: m/versions/.hidden.py m/versions/2024/d.py m/versions/a.py m/versions/b.py"]);
}

#[test]
fn sections_are_environments_if_they_have_a_location() {
    let ini = "[DEFAULT]\nfile_template = %%(rev)s\n[alembic]\nscript_location = m\n[staging]\nsqlalchemy.url = x\n\
               [tenants]\nscript_location = t\ntruncate_slug_length = 12\n[alembic:prod]\nsqlalchemy.url = y\n";
    let folder = repository(&[("alembic.ini", ini), ("m/versions/1.py", REVISION), ("t/versions/2.py", REVISION)]);
    let found = find(&folder, &[]);
    assert_eq!(told(&found), ["m: m/versions/1.py", "t: t/versions/2.py"]);
    assert_eq!(found.environments[1].truncate_slug_length, Some(12));
    let (template, span) = found.environments[0].file_template.clone().unwrap();
    assert_eq!((template.as_str(), found.sources.snippet(span.unwrap()).as_str()), ("%(rev)s", "%%(rev)s"));
    let finding = &found.findings[0];
    assert_eq!((found.findings.len(), finding.rule), (1, "unreachable-section"));
    assert_eq!(found.sources.snippet(finding.span), "[alembic:prod]");
    assert_eq!(finding.subject.environment, "m");

    let named = |name: &str| {
        let wish = Wish { name: Some(name.to_owned()), ..Wish::default() };
        find_with(folder.path(), &[], &wish).map(|found| told(&found)).map_err(|error| format!("{error:?}"))
    };
    assert_eq!(named("alembic").unwrap(), ["m: m/versions/1.py"]);
    assert_eq!(named("staging").unwrap(), ["m: m/versions/1.py"]);
    assert_eq!(named("tenants").unwrap(), ["t: t/versions/2.py"]);
    assert!(named("prod").unwrap_err().contains("there is `[alembic:prod]`"));
    assert!(named("none").unwrap_err().contains("`staging`"));

    let environment = |name: &str| {
        let wish = Wish { environment: Some(name.to_owned()), ..Wish::default() };
        find_with(folder.path(), &[], &wish).map(|found| told(&found)).map_err(|error| format!("{error:?}"))
    };
    assert_eq!(environment("./t/").unwrap(), ["t: t/versions/2.py"]);
    assert!(environment("x").unwrap_err().contains("script folders in this checkout: `m`, `t`"));
}

#[test]
fn pyproject_says_what_the_ini_does_not() {
    let toml = "[tool.alembic]\nscript_location = \"%(here)s/p\"\nfile_template = \"%%(slug)s\"\n\
                version_locations = [\"%(here)s/p/one\"]\n";
    let revisions = [("p/one/1.py", REVISION), ("m/versions/2.py", REVISION)];
    let alone = repository(&[("pyproject.toml", toml), revisions[0], revisions[1]]);
    let found = find(&alone, &[]);
    assert_eq!(told(&found), ["p: p/one/1.py"]);
    assert_eq!(found.environments[0].file_template.clone().unwrap().0, "%(slug)s");

    let ini = "[alembic]\nsqlalchemy.url = x\n";
    let both = repository(&[("pyproject.toml", toml), ("alembic.ini", ini), revisions[0], revisions[1]]);
    assert_eq!(told(&find(&both, &[])), ["p: p/one/1.py"]);

    let ini = "[alembic]\nscript_location = m\nversion_locations = m/versions\n";
    let first = repository(&[("pyproject.toml", toml), ("alembic.ini", ini), revisions[0], revisions[1]]);
    assert_eq!(told(&find(&first, &[])), ["m: m/versions/2.py"]);

    for (bad, why) in [
        ("[tool.alembic]\nscript_location = 1\n", "is not a string"),
        ("[tool.alembic]\nscript_location = \"p\"\nversion_locations = \"p\"\n", "is not a list of strings"),
        ("[tool.alembic]\nscript_location = \"%(x)s\"\n", "neither `%` nor `(here)s`"),
        ("[tool]\nalembic = 1\n", "is not a table"),
        ("[tool.alembic\n", "pyproject.toml:1"),
    ] {
        let folder = repository(&[("pyproject.toml", bad), revisions[0]]);
        let refused = refuse(&folder, &[]);
        assert!(refused.contains(why) && refused.contains("pyproject.toml:"), "{refused}");
    }
}

#[test]
fn without_a_location_the_env_py_says_where() {
    let flask = repository(&[
        ("app/migrations/alembic.ini", "[alembic]\nfile_template = x\n"),
        ("app/migrations/env.py", ""),
        ("app/migrations/versions/1.py", REVISION),
    ]);
    let found = find(&flask, &[]);
    assert_eq!(told(&found), ["app/migrations: app/migrations/versions/1.py"]);
    assert!(found.environments[0].file_template.is_some());

    let bare = repository(&[
        ("a/env.py", ""),
        ("a/versions/1.py", REVISION),
        ("b/env.py", ""),
        ("b/versions/2.py", REVISION),
        ("node_modules/c/env.py", ""),
        ("node_modules/c/versions/3.py", REVISION),
        ("env311/pyvenv.cfg", ""),
        ("env311/d/env.py", ""),
        ("env311/d/versions/4.py", REVISION),
    ]);
    assert_eq!(told(&find(&bare, &[])), ["a: a/versions/1.py", "b: b/versions/2.py"]);
}

#[test]
fn any_part_of_a_history_may_be_given() {
    let folder = repository(&[
        ("one/alembic.ini", "[alembic]\nscript_location = m\n"),
        ("one/m/env.py", ""),
        ("one/m/versions/1.py", REVISION),
        ("one/m/versions/2.py", REVISION),
        ("two/m/env.py", ""),
        ("two/m/versions/3.py", REVISION),
    ]);
    let one = ["one/m: one/m/versions/1.py one/m/versions/2.py"];
    for given in ["one", "one/m", "one/m/versions", "one/alembic.ini", "one/m/env.py"] {
        let found = find(&folder, &[given]);
        assert_eq!(told(&found), one, "{given}");
        assert_eq!(found.environments[0].selected, None, "{given}");
    }
    let found = find(&folder, &["one/m/versions/2.py"]);
    assert_eq!(
        (told(&found), selected(&found)),
        (one.map(str::to_owned).to_vec(), vec!["one/m/versions/2.py".to_owned()])
    );
    let found = find(&folder, &["one/m/versions/2.py", "two/m/versions/3.py"]);
    assert_eq!(told(&found).len(), 2);
    // From a folder inside, too.
    let found = find_with(&folder.path().join("one/m"), &["versions/1.py"], &Wish::default()).unwrap();
    assert_eq!(selected(&found), ["one/m/versions/1.py"]);
    assert_eq!(found.checkout.shown("two/m"), "../../two/m");
}

#[test]
fn of_a_folder_for_each_kind_of_database_the_one_for_postgresql_counts() {
    let ini = "[alembic]\nscript_location = db\n";
    let here = [("db/versions/sqlite/a.py", REVISION), ("db/versions/postgresql/b.py", REVISION), ("db/env.py", "")];
    let folder = repository(&[here.as_slice(), &[("alembic.ini", ini)]].concat());
    assert_eq!(told(&find(&folder, &["."])), ["db: db/versions/postgresql/b.py"]);
    assert_eq!(told(&find(&repository(&here), &["db"])), ["db: db/versions/postgresql/b.py"]);
    // With revisions beside them they are folders like any other, which only recursion looks into.
    let mixed = repository(&[here.as_slice(), &[("db/versions/c.py", REVISION)]].concat());
    assert_eq!(told(&find(&mixed, &["."])), ["db: db/versions/c.py"]);
}

#[test]
fn a_bare_versions_folder_is_enough_when_it_is_given() {
    let folder = repository(&[("case/versions/1.py", REVISION), ("odd/1.py", REVISION)]);
    assert_eq!(told(&find(&folder, &["case"])), ["case: case/versions/1.py"]);
    assert_eq!(told(&find(&folder, &["case/versions"])), ["case: case/versions/1.py"]);
    assert_eq!(told(&find(&folder, &["odd"])), ["odd: odd/1.py"]);
    assert_eq!(selected(&find(&folder, &["odd/1.py"])), Vec::<String>::new());
}

#[test]
fn nothing_found_names_what_was_searched() {
    let folder = repository(&[("app/x.py", "")]);
    let refused = refuse(&folder, &["app"]);
    assert!(refused.contains("there are no revisions in `app`"), "{refused}");
    let empty = repository(&[("m/env.py", ""), ("m/versions/__init__.py", "")]);
    let refused = refuse(&empty, &[]);
    assert!(refused.contains("script folders in this checkout: `m`"), "{refused}");
    assert!(refuse(&folder, &["none"]).contains("`none` does not exist"));
}

#[test]
fn a_broken_ini_is_shown_at_its_line() {
    for (text, line) in [
        ("[alembic]\nscript_location\n", 2),
        ("x = 1\n", 1),
        ("[alembic]\nscript_location = %(nowhere)s\n", 2),
        ("[alembic]\nscript_location = m\nscript_location = m\n", 3),
        ("[alembic]\nscript_location = m\ntruncate_slug_length = ten\n", 3),
    ] {
        let folder = repository(&[("alembic.ini", text), ("m/versions/1.py", REVISION)]);
        let refused = refuse(&folder, &[]);
        assert!(refused.contains(&format!("alembic.ini:{line}")), "{refused}");
        // Elsewhere in the repository it is only mentioned.
        fs::create_dir_all(folder.path().join("other/versions")).unwrap();
        fs::write(folder.path().join("other/versions/2.py"), REVISION).unwrap();
    }
    let folder = repository(&[("bad/alembic.ini", "x\n"), ("good/env.py", ""), ("good/versions/1.py", REVISION)]);
    assert!(find(&folder, &["good"]).talk[0].contains("`bad`"));
}

#[test]
fn odd_files_are_findings_and_the_rest_goes_on() {
    let folder = repository(&[("m/env.py", ""), ("m/versions/1.py", REVISION), ("m/versions/2.py", "")]);
    let versions = folder.path().join("m/versions");
    fs::write(versions.join("3.py"), b"# \xff\nrevision = 'b'\n").unwrap();
    fs::write(versions.join("4.py"), vec![b'#'; 10 * 1024 * 1024]).unwrap();
    fs::write(versions.join("5.py"), b"# -*- coding: latin-1 -*-\n# \xe9\nrevision = 'c'\n").unwrap();
    let found = find(&folder, &[]);
    assert_eq!(told(&found), ["m: m/versions/1.py m/versions/2.py m/versions/3.py m/versions/5.py"]);
    let said: Vec<&str> = found.findings.iter().map(|it| it.message.as_str()).collect();
    assert_eq!(said, ["`m/versions/3.py` is not UTF-8 (byte 2)", "`m/versions/4.py` is larger than 2 MB, the limit"]);
    assert!(found.findings.iter().all(|it| it.rule == "python-syntax" && it.subject.environment == "m"));
    assert!(found.sources.get(*found.environments[0].files.last().unwrap()).text.contains('é'));
}

#[cfg(unix)]
#[test]
fn links_end_and_stay_inside() {
    use std::os::unix::fs::symlink;
    let outside = repository(&[("9.py", REVISION)]);
    let folder = repository(&[
        ("alembic.ini", "[alembic]\nscript_location = link\nrecursive_version_locations = true\n"),
        ("m/env.py", ""),
        ("m/versions/1.py", REVISION),
    ]);
    let at = |path: &str| folder.path().join(path);
    symlink(at("m"), at("link")).unwrap();
    symlink("..", at("m/versions/cycle")).unwrap();
    symlink("../..", at("m/versions/folder.py")).unwrap();
    symlink("1.py", at("m/versions/2.py")).unwrap();
    symlink(outside.path().join("9.py"), at("m/versions/3.py")).unwrap();
    let found = find(&folder, &[]);
    assert_eq!(told(&found), ["m: m/versions/1.py"]);
    assert_eq!(found.talk, ["`m/versions/3.py` is a symbolic link that leaves the repository, so it was not read"]);
    symlink("loop.py", at("m/versions/loop.py")).unwrap();
    assert!(refuse(&folder, &[]).contains("loop.py"));
}

#[test]
fn excluded_files_are_read_and_not_reported() {
    let folder = repository(&[
        ("m/env.py", ""),
        ("m/versions/1.py", REVISION),
        ("m/versions/2.py", REVISION),
        ("old/env.py", ""),
        ("old/versions/3.py", REVISION),
    ]);
    let config = limbeck::config::parse("exclude = ['1.py', '/old']\n", false, ".").unwrap();
    let wish = Wish { exclude: config.exclude, ..Wish::default() };
    let found = find_with(folder.path(), &[], &wish).unwrap();
    assert_eq!(told(&found), ["m: m/versions/1.py m/versions/2.py"]);
    assert_eq!(selected(&found), ["m/versions/2.py"]);
}

#[test]
fn modules_are_found_as_python_would() {
    let folder = repository(&[
        ("back/alembic.ini", "[alembic]\nscript_location = m\nprepend_sys_path = lib\n"),
        ("back/m/versions/1.py", REVISION),
        ("back/m/versions/near.py", ""),
        ("back/lib/app/__init__.py", ""),
        ("back/app/models.py", ""),
        ("src/tool/x.py", ""),
        ("secret.py", ""),
    ]);
    let checkout = find(&folder, &[]).checkout;
    let from = "back/m/versions";
    assert_eq!(checkout.module("app", from).as_deref(), Some("back/lib/app/__init__.py"));
    assert_eq!(checkout.module("app.models", from).as_deref(), Some("back/app/models.py"));
    assert_eq!(checkout.module("tool.x", from).as_deref(), Some("src/tool/x.py"));
    assert_eq!(checkout.module(".near", from).as_deref(), Some("back/m/versions/near.py"));
    assert_eq!(checkout.module("..versions.near", from).as_deref(), Some("back/m/versions/near.py"));
    assert_eq!(checkout.module("near", from), None);
    assert_eq!(checkout.module("...........x", from), None);
    assert_eq!(checkout.module("a/../../b", from), None);
    assert_eq!(checkout.read("../../../etc/passwd").unwrap(), None);
    assert_eq!(checkout.read("src").unwrap(), None);
}

#[test]
fn without_a_repository_what_is_above_still_counts() {
    let folder = tempfile::tempdir().unwrap();
    for (path, text) in [
        ("p/alembic.ini", "[alembic]\nscript_location = m\nfile_template = x\n"),
        ("p/m/versions/1.py", REVISION),
        ("q/n/env.py", ""),
        ("q/n/versions/2.py", REVISION),
    ] {
        let path = folder.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    let elsewhere = tempfile::tempdir().unwrap();
    let given = |path: &str| {
        let path = folder.path().join(path);
        let found = find_with(elsewhere.path(), &[path.to_str().unwrap()], &Wish::default()).unwrap();
        (told(&found), found.environments[0].file_template.is_some())
    };
    assert_eq!(given("p/m/versions"), (vec!["m: m/versions/1.py".to_owned()], true));
    assert_eq!(given("q/n/versions/2.py").0, ["n: n/versions/2.py"].map(|_| ".: versions/2.py".to_owned()));
    assert_eq!(given("q").0, ["n: n/versions/2.py"]);
}
