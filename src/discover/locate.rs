//! From what a setting says to a folder of the checkout.

use super::{
    checkout::{Checkout, ancestors, join},
    walk::Tree,
};
use std::{collections::BTreeSet, path::Path};

/// What a location comes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Where {
    /// A folder of the checkout, and the folder that it was written relative to.
    Inside { folder: String, base: String },
    /// Not a folder of the checkout: the predicate of a sentence that says why.
    Nowhere(String),
}

/// Where locations of one group of settings are looked for.
pub(super) struct Locator<'a> {
    pub(super) checkout: &'a Checkout,
    pub(super) tree: &'a Tree,
    /// The folder of the settings' file.
    pub(super) folder: &'a str,
    /// `prepend_sys_path`.
    pub(super) prepend: &'a [String],
}

impl Locator<'_> {
    /// The script folder. A relative one is relative to the folder that Alembic is run in: usually that of the
    /// settings, sometimes one above; the nearest that has an `env.py` is taken, else the nearest that is there.
    pub(super) fn script(&self, location: &str) -> Where {
        let mut all = self.all(location, &ancestors(self.folder));
        let best = all.iter().position(|(folder, _)| self.checkout.is_file(&join(folder, "env.py"))).unwrap_or(0);
        if best < all.len() {
            let (folder, base) = all.swap_remove(best);
            return Where::Inside { folder, base };
        }
        Where::Nowhere(self.why(location))
    }

    /// A version location, relative to the same folder as the script folder was.
    pub(super) fn versions(&self, location: &str, base: &str) -> Where {
        let mut bases = vec![base.to_owned()];
        bases.extend(ancestors(self.folder));
        match self.all(location, &bases).into_iter().next() {
            Some((folder, base)) => Where::Inside { folder, base },
            None => Where::Nowhere(self.why(location)),
        }
    }

    /// Folders that `prepend_sys_path` names, as far as they are in the checkout.
    pub(super) fn import_roots(&self, base: &str) -> Vec<String> {
        let entries = self.prepend.iter().flat_map(|entry| self.all(entry, &[base.to_owned()]));
        entries.map(|(folder, _)| folder).collect()
    }

    fn all(&self, location: &str, bases: &[String]) -> Vec<(String, String)> {
        if Path::new(location).is_absolute() {
            let real = Path::new(location).canonicalize().ok().and_then(|path| self.checkout.relative(&path));
            let folder = real.filter(|path| self.checkout.is_folder(path));
            return folder.map(|folder| (folder, self.folder.to_owned())).into_iter().collect();
        }
        // `util.pyfiles.coerce_resource_to_filename`: a relative name with a colon is a package's resource.
        if let Some((package, path)) = location.split_once(':') {
            let folder = self.package(package).map(|folder| join(&folder, &path.replace(':', "/")));
            let real =
                folder.and_then(|folder| self.checkout.resolve(&folder)).filter(|it| self.checkout.is_folder(it));
            return real.map(|folder| (folder, self.folder.to_owned())).into_iter().collect();
        }
        let found = bases.iter().filter_map(|base| {
            let real = self.checkout.resolve(&join(base, location))?;
            self.checkout.is_folder(&real).then(|| (real, base.clone()))
        });
        found.collect()
    }

    /// The folder of a package: where `sys.path` would likely find it, else the only one of this name.
    fn package(&self, dotted: &str) -> Option<String> {
        if dotted.is_empty() || dotted.contains('/') {
            return None;
        }
        let mut search = self.import_roots(self.folder);
        for folder in ancestors(self.folder) {
            search.extend([folder.clone(), join(&folder, "src")]);
        }
        if let Some(found) = self.checkout.package(dotted, &search) {
            return Some(found);
        }
        let named = self.named(dotted);
        if named.len() == 1 { named.into_iter().next() } else { None }
    }

    /// Every folder of the checkout that could be a package of this name.
    fn named(&self, dotted: &str) -> BTreeSet<String> {
        let path = dotted.replace('.', "/");
        let fits = |folder: &&String| {
            folder.strip_suffix(path.as_str()).is_some_and(|rest| rest.is_empty() || rest.ends_with('/'))
                && self.checkout.is_file(&join(folder, "__init__.py"))
        };
        self.tree.folders.iter().filter(fits).cloned().collect()
    }

    fn why(&self, location: &str) -> String {
        let outside = |path: &Path| path.canonicalize().is_ok_and(|real| self.checkout.relative(&real).is_none());
        if Path::new(location).is_absolute() {
            let there = outside(Path::new(location));
            return if there { "lies outside of the checkout" } else { "is not a folder of the checkout" }.to_owned();
        }
        if let Some((package, _)) = location.split_once(':') {
            let named = self.named(package);
            return match named.len() {
                0 => format!("names the package `{package}`, which is not in the checkout"),
                1 => "names a folder that the package does not have".to_owned(),
                _ => format!("names the package `{package}`, of which there are several: {}", list(&named)),
            };
        }
        if ancestors(self.folder).iter().any(|base| outside(&self.checkout.absolute(&join(base, location)))) {
            return "lies outside of the checkout".to_owned();
        }
        let searched: BTreeSet<String> = ancestors(self.folder).iter().map(|it| self.checkout.shown(it)).collect();
        format!("is not a folder in {}", list(&searched))
    }
}

/// Names in backticks, with commas.
pub(super) fn list(names: &BTreeSet<String>) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}
