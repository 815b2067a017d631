//! Where PostgreSQL's programs are.

use crate::fault;
use miette::Result;
use std::{
    env,
    ffi::OsStr,
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

/// A folder with `initdb`, `pg_ctl` and `postgres`, and the major version of these.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Programs {
    pub(super) folder: PathBuf,
    pub(super) major: u32,
}

/// Folders with a folder for each version in them, and what of that holds the programs.
const VERSIONED: [(&str, &str); 6] = [
    ("/usr/lib/postgresql", "bin"),
    ("/usr/libexec", "bin"),
    ("/usr", "bin"),
    ("/opt/homebrew/opt", "bin"),
    ("/usr/local/opt", "bin"),
    ("/Applications/Postgres.app/Contents/Versions", "bin"),
];
/// Folders that hold the programs of one version.
const PLAIN: [&str; 4] = ["/usr/local/pgsql/bin", "/usr/local/bin", "/usr/bin", "/opt/local/bin"];

/// The oldest version that the queries of the catalog are made for.
const OLDEST: u32 = 14;

impl Programs {
    /// The programs that a run takes: those of the folder that was given, else the newest that is found, or the
    /// newest of a major version.
    ///
    /// # Errors
    /// There are none. The error says how to get them.
    pub(super) fn find(given: Option<&Path>, major: Option<u32>) -> Result<Self> {
        if let Some(folder) = given {
            let found = Self::at(folder).ok_or_else(|| {
                fault::helped(
                    format!("`{}` does not hold PostgreSQL's `initdb`, `pg_ctl` and `postgres`", folder.display()),
                    "`pg_config --bindir` prints the folder that does",
                )
            })?;
            return match major {
                Some(major) if major != found.major => {
                    Err(fault::plain(format!("`{}` holds PostgreSQL {}, not {major}", folder.display(), found.major)))
                }
                _ => Ok(found),
            };
        }
        let mut found: Vec<Self> = folders().iter().filter_map(|folder| Self::at(folder)).collect();
        found.retain(|it| it.major >= OLDEST);
        let newest = found.iter().filter(|it| major.is_none_or(|major| it.major == major)).max_by_key(|it| it.major);
        newest.cloned().ok_or_else(|| absent(major, &found))
    }

    fn at(folder: &Path) -> Option<Self> {
        if !["initdb", "pg_ctl", "postgres"].iter().all(|program| folder.join(program).is_file()) {
            return None;
        }
        let told = said(&folder.join("postgres"), "--version")?;
        Some(Self { folder: folder.canonicalize().ok()?, major: major(&told)? })
    }

    /// The path of a program.
    pub(super) fn program(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }
}

/// `postgres (PostgreSQL) 16.4 (Debian 16.4-1)`, `postgres (PostgreSQL) 18beta1`
fn major(told: &str) -> Option<u32> {
    let version = told.split(") ").nth(1)?;
    let digits: String = version.chars().take_while(char::is_ascii_digit).collect();
    digits.parse().ok()
}

fn absent(major: Option<u32>, found: &[Programs]) -> miette::Report {
    let what = major.map_or_else(|| "PostgreSQL".to_owned(), |major| format!("PostgreSQL {major}"));
    let package = major.map_or_else(|| "postgresql".to_owned(), |major| format!("postgresql-{major}"));
    let mut majors: Vec<String> = found.iter().map(|it| it.major.to_string()).collect();
    majors.dedup();
    let others = if majors.is_empty() { String::new() } else { format!(" (found: {})", majors.join(", ")) };
    fault::helped(
        format!("no programs of {what} are found{others}"),
        format!(
            "install them (`apt-get install {package}`, `brew install postgresql`, `dnf install postgresql-server`), \
             say where they are with `--postgres-bin FOLDER`, or name a server with `--database-url`"
        ),
    )
}

fn folders() -> Vec<PathBuf> {
    let mut folders = Vec::new();
    folders.extend(said(Path::new("pg_config"), "--bindir").map(|it| PathBuf::from(it.trim())));
    folders.extend(env::var_os("PATH").iter().flat_map(|path| env::split_paths(path).collect::<Vec<_>>()));
    for (parent, inner) in VERSIONED {
        let Ok(entries) = fs::read_dir(parent) else { continue };
        let mut names: Vec<PathBuf> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
        names.retain(|path| is_versioned(parent, path.file_name().unwrap_or_default()));
        names.sort();
        folders.extend(names.into_iter().map(|path| path.join(inner)));
    }
    folders.extend(PLAIN.iter().map(PathBuf::from));
    folders.dedup();
    folders
}

/// `16` among Debian's, `pgsql-16` among Red Hat's, `postgresql@16` among Homebrew's.
fn is_versioned(parent: &str, name: &OsStr) -> bool {
    let name = name.to_string_lossy();
    let numbered = name.chars().all(|c| c.is_ascii_digit());
    match parent {
        "/usr" | "/usr/libexec" => name.starts_with("pgsql"),
        "/opt/homebrew/opt" | "/usr/local/opt" => name.starts_with("postgresql"),
        _ => numbered && !name.is_empty(),
    }
}

/// What a program answers, if it is there.
fn said(program: &Path, argument: &str) -> Option<String> {
    let mut command = Command::new(program);
    command.arg(argument).env("LC_ALL", "C").stdin(Stdio::null()).stderr(Stdio::null());
    let output = command.output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).into_owned())
}

#[cfg(test)]
mod tests {
    use super::{Programs, major};
    use std::path::Path;

    #[test]
    fn a_version_is_read_off_what_the_program_says() {
        for (told, expected) in [
            ("postgres (PostgreSQL) 16.4 (Debian 16.4-1.pgdg120+1)\n", Some(16)),
            ("postgres (PostgreSQL) 18beta1\n", Some(18)),
            ("postgres\n", None),
        ] {
            assert_eq!(major(told), expected, "{told}");
        }
    }

    #[test]
    fn a_folder_without_programs_is_an_error_that_names_it() {
        let error = Programs::find(Some(Path::new("/nowhere")), None).unwrap_err();
        assert!(error.to_string().contains("`/nowhere`"), "{error}");
        let error = Programs::find(None, Some(98)).unwrap_err();
        assert!(error.help().unwrap().to_string().contains("postgresql-98"), "{error}");
    }
}
