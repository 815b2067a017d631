#![no_main]

#[path = "../attacks.rs"]
#[allow(dead_code, reason = "each target uses one of them")]
mod attacks;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| attacks::sql(bytes));
