//! SQL of any bytes: it is parsed, or refused, without panic, and its comments are found.
#![no_main]

use libfuzzer_sys::fuzz_target;
use limbeck::{source::Text, sql};

fuzz_target!(|bytes: &[u8]| {
    let text = String::from_utf8_lossy(bytes);
    let whole = Text::made(text.as_ref());
    if let Ok(parsed) = sql::parse(&whole) {
        for statement in parsed {
            assert_eq!(text.get(statement.range), Some(statement.sql.as_str()), "the place is the text's");
        }
    }
    for comment in sql::comments(&text) {
        assert!(text.get(comment).is_some(), "a comment lies on character bounds");
    }
});
