//! How files are named to people: from where they stand.

/// Where the reader stands, and where the repository is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Paths {
    root: Vec<String>,
    from: Vec<String>,
}

impl Paths {
    /// Paths of the repository at `root` seen from the folder `from`: two absolute paths, or two that are relative
    /// to the same folder (`("", "sub/dir")`: a folder of the repository's), with `/` between the parts.
    #[must_use]
    pub fn between(root: &str, from: &str) -> Self {
        Self { root: walk(Vec::new(), root), from: walk(Vec::new(), from) }
    }

    /// A path of a source (relative to the repository's root) as it is reached from where the reader stands.
    /// An absolute path stays what it is.
    #[must_use]
    pub fn shown(&self, path: &str) -> String {
        if path.starts_with('/') || path.is_empty() {
            return path.to_owned();
        }
        let whole = walk(self.root.clone(), path);
        let shared = whole.iter().zip(&self.from).take_while(|(a, b)| a == b).count();
        let up = self.from.iter().skip(shared).map(|_| "..");
        let parts: Vec<&str> = up.chain(whole.iter().skip(shared).map(String::as_str)).collect();
        if parts.is_empty() { ".".to_owned() } else { parts.join("/") }
    }
}

/// The parts of a path that goes on from some others; `..` takes the last away again.
fn walk(mut parts: Vec<String>, path: &str) -> Vec<String> {
    for part in path.split('/').filter(|part| !part.is_empty() && *part != ".") {
        if part == ".." && parts.last().is_some_and(|last| last != "..") {
            parts.pop();
        } else {
            parts.push(part.to_owned());
        }
    }
    parts
}
