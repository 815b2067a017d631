//! Two texts of one file, as `diff -u` tells them apart.

use super::human;
use similar::TextDiff;

/// The hunks with three lines around each; empty where nothing is another. `before` is `None` for a file that is made.
///
/// The lines are the file's own, so that `patch` takes them, but for what a terminal or a runner would obey.
#[must_use]
pub fn unified(shown: &str, before: Option<&str>, after: &str) -> String {
    let name = if before.is_some() { shown } else { "/dev/null" };
    let (name, shown) = (human::clean(name), human::clean(shown));
    let diff = TextDiff::from_lines(before.unwrap_or_default(), after);
    let text = diff.unified_diff().context_radius(3).header(&name, &shown).to_string();
    let lines = text.split_inclusive('\n').map(|line| {
        let (body, end) = match (line.strip_suffix("\r\n"), line.strip_suffix('\n')) {
            (Some(body), _) => (body, "\r\n"),
            (None, Some(body)) => (body, "\n"),
            (None, None) => (line, ""),
        };
        human::clean(body) + end
    });
    human::unheard(&lines.collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::unified;

    #[test]
    fn a_change_stands_among_its_neighbours() {
        let before = "1 2 3 4 5 6 7 8 9 ".replace(' ', "\r\n");
        let wanted = "--- a\n+++ a\n@@ -2,7 +2,7 @@\n 2\r\n 3\r\n 4\r\n-5\r\n+five\r\n 6\r\n 7\r\n 8\r\n";
        assert_eq!(unified("a", Some(&before), &before.replace('5', "five")), wanted);
        assert_eq!(unified("a", Some("x\n"), "x\n"), "");
        assert_eq!(unified("a", None, "x\n"), "--- /dev/null\n+++ a\n@@ -0,0 +1 @@\n+x\n");
        assert_eq!(
            unified("a", Some("x"), "y"),
            "--- a\n+++ a\n@@ -1 +1 @@\n-x\n\\ No newline at end of file\n+y\n\\ No newline at end of file\n"
        );
    }

    #[test]
    fn nobody_obeys_it() {
        let text = unified("a\u{1b}", Some("::error::x\n"), "##[x]\u{1b}[2J\n::y\n");
        assert!(!text.contains('\u{1b}') && !text.contains("##["), "{text:?}");
        assert!(text.lines().all(|line| !line.trim_start().starts_with("::")), "{text:?}");
    }
}
