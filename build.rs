fn main() {
    // The linker arguments of an addon matter only where napi is built at all.
    if std::env::var_os("CARGO_FEATURE_NAPI").is_some() {
        napi_build::setup();
    }
}
