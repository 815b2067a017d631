//! `--database-url`: a server of the user's, of which nothing but scratch databases is touched.

use super::{command, history, programs};

#[test]
fn a_url_that_leads_nowhere_is_an_error_without_a_password() {
    if programs().is_none() {
        return;
    }
    let folder = history(&["def upgrade():\n    pass\n\n\ndef downgrade():\n    pass\n"]);
    for url in [
        "postgresql://me:secret@127.0.0.1:1/none",
        "mysql://me:secret@x/y",
        "secret",
        "postgresql+asyncpg://:secret@[/",
    ] {
        let arguments = [folder.path().to_str().unwrap(), "--database-url", url];
        let output = command(&arguments).unwrap().output().unwrap();
        let talk = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{url}: {talk}");
        assert!(!talk.contains("secret"), "{url}: {talk}");
    }
}
