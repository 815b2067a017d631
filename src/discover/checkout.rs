//! The repository as far as the tool may see it: nothing outside its root is read, and nothing is ever run.

use crate::{
    fault,
    source::{SourceId, Sources},
};
use miette::Result;
use std::{
    collections::BTreeMap,
    fs, io,
    path::{Component, Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};

/// The largest text that is read, in bytes.
pub const MAX_BYTES: u64 = 2 * 1024 * 1024;

/// A checkout: a root that nothing is read outside of, and what imports are looked for in.
///
/// Paths are relative to the root, with `/` between the parts; `.` is the root itself.
#[derive(Debug)]
pub struct Checkout {
    root: PathBuf,
    here: PathBuf,
    import_roots: Vec<String>,
    loaded: Mutex<BTreeMap<String, Option<SourceId>>>,
    /// The modules that were looked for, by the folder that they are seen from.
    found: Mutex<BTreeMap<String, Found>>,
    /// The files of the project, by the folders that are left out.
    pub(super) listed: Mutex<BTreeMap<Vec<String>, Arc<Vec<String>>>>,
    /// Whether a folder has anything by the first name of a module, by the path that it would have.
    roots: Mutex<BTreeMap<String, bool>>,
    /// By path relative to the root.
    unsaved: BTreeMap<String, String>,
}

/// Modules by dotted name, with the files that they are.
type Found = BTreeMap<String, Option<String>>;

/// What a file turned out to hold.
pub(super) enum Content {
    /// Its text.
    Text(String),
    /// A text that has a byte that is not UTF-8, the first at this offset, with every such byte replaced.
    Lossy(String, usize),
    /// Not read, and why: the predicate of a sentence.
    Refused(String),
}

impl Checkout {
    /// A checkout with a root and the folder that the tool was started in, both absolute and without symbolic links.
    #[must_use]
    pub fn new(root: PathBuf, here: PathBuf) -> Self {
        Self {
            root,
            here,
            import_roots: Vec::new(),
            loaded: Mutex::default(),
            found: Mutex::default(),
            listed: Mutex::default(),
            roots: Mutex::default(),
            unsaved: BTreeMap::new(),
        }
    }

    /// A checkout that has no files: no path leads to its root.
    #[must_use]
    pub fn nowhere() -> Self {
        // No system knows a path with this letter in it.
        Self::new(PathBuf::from("\0"), PathBuf::from("\0"))
    }

    /// The root, absolute and without symbolic links.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Takes texts in place of those on the disk, by absolute path; those outside of the root, and those of files that
    /// are not there, are left aside.
    pub fn set_unsaved(&mut self, texts: &BTreeMap<PathBuf, String>) {
        let inside = texts.iter().filter_map(|(path, text)| Some((path.canonicalize().ok()?, text)));
        self.unsaved = inside.filter_map(|(path, text)| Some((self.relative(&path)?, text.clone()))).collect();
    }

    /// The text of a file that an editor has not saved.
    pub(super) fn unsaved(&self, path: &str) -> Option<&str> {
        self.unsaved.get(path).map(String::as_str)
    }

    /// Folders that Python finds modules in, besides what [`Checkout::module`] knows by itself.
    pub(super) fn set_import_roots(&mut self, roots: Vec<String>) {
        self.import_roots = roots;
        self.found = Mutex::default();
    }

    /// The absolute path of a path relative to the root.
    #[must_use]
    pub fn absolute(&self, path: &str) -> PathBuf {
        if path == "." { self.root.clone() } else { self.root.join(path) }
    }

    /// The path relative to the root of an absolute path without symbolic links; `None` outside of the root, or
    /// where it is not Unicode.
    #[must_use]
    pub fn relative(&self, path: &Path) -> Option<String> {
        let inside = path.strip_prefix(&self.root).ok()?;
        let parts = inside.components().map(|part| part.as_os_str().to_str()).collect::<Option<Vec<&str>>>()?;
        Some(if parts.is_empty() { ".".to_owned() } else { parts.join("/") })
    }

    /// A path relative to the root as the person at the terminal would write it: relative to the folder that the
    /// tool was started in.
    #[must_use]
    pub fn shown(&self, path: &str) -> String {
        let path = self.absolute(path);
        let there: Vec<Component<'_>> = path.components().collect();
        let here: Vec<Component<'_>> = self.here.components().collect();
        let common = there.iter().zip(&here).take_while(|(a, b)| a == b).count();
        let mut parts = vec!["..".to_owned(); here.len() - common];
        parts.extend(there.iter().skip(common).map(|part| part.as_os_str().to_string_lossy().into_owned()));
        if parts.is_empty() { ".".to_owned() } else { parts.join("/") }
    }

    /// The path relative to the root that a path comes to, symbolic links followed; `None` where nothing is there
    /// or it lies outside of the root.
    #[must_use]
    pub fn resolve(&self, path: &str) -> Option<String> {
        self.relative(&self.absolute(path).canonicalize().ok()?)
    }

    /// The path leads to a folder inside the checkout.
    #[must_use]
    pub fn is_folder(&self, path: &str) -> bool {
        // Most paths that are asked for are not there, which is told without following them.
        self.absolute(path).is_dir() && self.resolve(path).is_some()
    }

    /// The path leads to a file inside the checkout.
    #[must_use]
    pub fn is_file(&self, path: &str) -> bool {
        self.absolute(path).is_file() && self.resolve(path).is_some()
    }

    /// The text of a file; `None` where there is no such file inside the checkout.
    ///
    /// # Errors
    /// The file is there but cannot be read, is not UTF-8, or is larger than [`MAX_BYTES`].
    pub fn read(&self, path: &str) -> Result<Option<String>> {
        let Some(real) = self.resolve(path) else { return Ok(None) };
        if let Some(text) = self.unsaved(&real) {
            return Ok(Some(text.to_owned()));
        }
        let file = self.absolute(&real);
        if !file.is_file() {
            return Ok(None);
        }
        let shown = self.shown(&real);
        super::outside_text(&file, &shown).map(Some)
    }

    /// The text of a file inside the checkout that may be larger than [`MAX_BYTES`]; `None` where it cannot be read.
    pub(super) fn text_within(&self, path: &str, limit: u64) -> Option<String> {
        match content_within(&self.absolute(&self.resolve(path)?), limit).ok()? {
            Content::Text(text) | Content::Lossy(text, _) => Some(text),
            Content::Refused(_) => None,
        }
    }

    /// The names of the files in a folder of the checkout, sorted.
    pub(super) fn names(&self, folder: &str) -> Vec<String> {
        let Some(entries) = self.resolve(folder).and_then(|real| fs::read_dir(self.absolute(&real)).ok()) else {
            return Vec::new();
        };
        let files = entries.flatten().filter(|entry| entry.path().is_file());
        let mut names: Vec<String> = files.filter_map(|entry| entry.file_name().into_string().ok()).collect();
        names.sort();
        names
    }

    /// The text of a file among the sources, read once however often it is asked for.
    ///
    /// # Errors
    /// As [`Checkout::read`].
    pub fn source(&self, sources: &Sources, path: &str) -> Result<Option<SourceId>> {
        // The paths that are known are real ones, which lead nowhere else.
        if let Some(known) = self.loaded.lock().unwrap_or_else(PoisonError::into_inner).get(path) {
            return Ok(*known);
        }
        let Some(real) = self.resolve(path) else { return Ok(None) };
        let mut loaded = self.loaded.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = loaded.get(&real) {
            return Ok(*known);
        }
        let id = self.read(&real)?.map(|text| sources.add(real.clone(), text));
        loaded.insert(real, id);
        Ok(id)
    }

    /// Says that a file is among the sources already.
    pub(super) fn remember(&self, path: &str, id: SourceId) {
        self.loaded.lock().unwrap_or_else(PoisonError::into_inner).insert(path.to_owned(), Some(id));
    }

    /// The file of a Python module of the project: `a.b` is `a/b.py` or `a/b/__init__.py`. It is looked for in the
    /// order of a likely `sys.path`: `prepend_sys_path`, the folders of the ini files, then the folders above
    /// `from_folder` (nearest first) and their `src`. With leading dots it is relative to `from_folder`, as
    /// Python's relative imports are. `None`: not in the checkout (perhaps installed).
    #[must_use]
    pub fn module(&self, dotted: &str, from_folder: &str) -> Option<String> {
        let name = dotted.trim_start_matches('.');
        let dots = dotted.len() - name.len();
        if name.split('.').any(|part| part.is_empty() && !name.is_empty() || part.contains(['/', '\\', '\0'])) {
            return None;
        }
        if dots > 0 {
            let folder = ancestors(from_folder).into_iter().nth(dots - 1)?;
            return self.module_in(&folder, name);
        }
        // Every revision imports the same few, and each is looked for in many folders.
        let all = || self.found.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = all().get(from_folder).and_then(|found| found.get(name)) {
            return known.clone();
        }
        let first = name.split('.').next().unwrap_or(name);
        let search = self.search_path(from_folder);
        let mut folders = search.iter().filter(|folder| self.has_root(folder, first));
        let file = folders.find_map(|folder| self.module_in(folder, name));
        all().entry(from_folder.to_owned()).or_default().insert(name.to_owned(), file.clone());
        file
    }

    /// The folder of a Python package of the project, with or without `__init__.py`.
    #[must_use]
    pub(super) fn package(&self, dotted: &str, search: &[String]) -> Option<String> {
        let path = dotted.replace('.', "/");
        search.iter().map(|folder| join(folder, &path)).find(|folder| self.is_folder(folder))
    }

    /// Folders that a module is looked for in, seen from a folder.
    fn search_path(&self, from_folder: &str) -> Vec<String> {
        let mut search = self.import_roots.clone();
        for folder in ancestors(from_folder).into_iter().skip(1) {
            search.push(folder.clone());
            search.push(join(&folder, "src"));
        }
        search
    }

    /// There is a package or a module of this name: without it nothing inside of it needs to be looked for.
    fn has_root(&self, folder: &str, first: &str) -> bool {
        let path = join(folder, first);
        let mut roots = self.roots.lock().unwrap_or_else(PoisonError::into_inner);
        let here = || self.absolute(&path).is_dir() || self.absolute(&format!("{path}.py")).is_file();
        if let Some(known) = roots.get(&path) { *known } else { *roots.entry(path.clone()).or_insert_with(here) }
    }

    fn module_in(&self, folder: &str, name: &str) -> Option<String> {
        let path = if name.is_empty() { folder.to_owned() } else { join(folder, &name.replace('.', "/")) };
        let package = join(&path, "__init__.py");
        // Python prefers the package to the module of the same name.
        let file = if self.is_file(&package) { package } else { format!("{path}.py") };
        self.is_file(&file).then(|| self.resolve(&file)).flatten()
    }
}

/// Joins two paths with `/`; `.` is the root.
pub(crate) fn join(folder: &str, path: &str) -> String {
    match (folder, path) {
        (_, "." | "") => folder.to_owned(),
        ("." | "", _) => path.to_owned(),
        _ => format!("{folder}/{path}"),
    }
}

/// The folder of a path; `.` for what stands in the root, and for the root itself.
pub(crate) fn parent(path: &str) -> String {
    path.rsplit_once('/').map_or(".", |(folder, _)| folder).to_owned()
}

/// A folder and the folders above it, nearest first, the root last.
pub(crate) fn ancestors(folder: &str) -> Vec<String> {
    let mut all = vec![folder.to_owned()];
    let mut last = folder.to_owned();
    while last != "." {
        last = parent(&last);
        all.push(last.clone());
    }
    all
}

/// `path` is `folder` or inside of it.
pub(super) fn within(path: &str, folder: &str) -> bool {
    folder == "." || path.strip_prefix(folder).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// The error for what the file system refuses.
pub(super) fn unreadable(shown: &str, error: &io::Error) -> miette::Report {
    let why = match error.kind() {
        io::ErrorKind::PermissionDenied => "permission denied".to_owned(),
        _ => error.to_string(),
    };
    fault::plain(format!("`{shown}` cannot be read: {why}"))
}

/// Reads a regular file within the limit.
pub(super) fn content(path: &Path) -> io::Result<Content> {
    content_within(path, MAX_BYTES)
}

fn content_within(path: &Path, limit: u64) -> io::Result<Content> {
    let metadata = fs::metadata(path)?;
    if !metadata.is_file() {
        // A named pipe would never end.
        return Ok(Content::Refused("is not a regular file".to_owned()));
    }
    if metadata.len() > limit {
        return Ok(Content::Refused(format!("is larger than {} MB, the limit", limit / 1024 / 1024)));
    }
    let bytes = fs::read(path)?;
    Ok(match String::from_utf8(bytes) {
        Ok(text) => Content::Text(text),
        Err(error) => {
            let at = error.utf8_error().valid_up_to();
            decode(error.as_bytes(), at)
        }
    })
}

/// A text that is not UTF-8: Latin-1 where its first two lines say so (PEP 263), else lossy.
fn decode(bytes: &[u8], at: usize) -> Content {
    let head: Vec<&[u8]> = bytes.split(|&byte| byte == b'\n').take(2).collect();
    let coding = head.iter().find_map(|line| coding(&String::from_utf8_lossy(line)));
    match coding.as_deref() {
        Some("latin-1" | "latin1" | "iso-8859-1" | "iso8859-1") => {
            Content::Text(bytes.iter().map(|&byte| char::from(byte)).collect())
        }
        _ => Content::Lossy(String::from_utf8_lossy(bytes).into_owned(), at),
    }
}

/// The encoding that a comment line names: `coding[:=]\s*([-\w.]+)`.
fn coding(line: &str) -> Option<String> {
    let comment = line.trim_start().strip_prefix('#')?;
    let rest = comment.split_once("coding")?.1.strip_prefix([':', '='])?;
    let name: String = rest.trim_start().chars().take_while(|it| it.is_alphanumeric() || "-_.".contains(*it)).collect();
    Some(name.to_lowercase().replace('_', "-"))
}
