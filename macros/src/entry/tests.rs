//! What the attributes write, token by token, and what they refuse.

use quote::quote;

use super::*;

fn written(kind: Kind, options: TokenStream, item: TokenStream) -> String {
    expand(kind, options, item).to_string()
}

/// From text, where the code itself may not stand in this file.
fn tokens(text: &str) -> TokenStream {
    text.parse().unwrap()
}

/// The messages of the errors that the attribute writes for `item`.
fn refused(kind: Kind, item: TokenStream) -> String {
    let text = written(kind, TokenStream::new(), item.clone());
    assert!(text.contains("compile_error"), "taken: {item}");
    text
}

#[test]
fn main_hands_the_function_to_the_runtime_unchanged() {
    let item = quote! {
        /// Serves.
        #[allow(dead_code)]
        pub async fn main() -> std::io::Result<()> { serve().await?; Ok(()) }
    };
    let expected = quote! {
        /// Serves.
        #[allow(dead_code)]
        pub fn main() -> std::io::Result<()> {
            async fn main() -> std::io::Result<()> { serve().await?; Ok(()) }
            ::sexton::rt::main(::core::option::Option::None, main)
        }
    };
    assert_eq!(written(Kind::Main, quote! {}, item), expected.to_string());
}

#[test]
fn the_number_of_cores_goes_to_the_runtime() {
    let expected = quote! {
        fn main() {
            async fn main() {}
            ::sexton::rt::main(::core::option::Option::Some(3usize), main)
        }
    };
    let text = written(Kind::Main, quote! { cores = 3 }, quote! { async fn main() {} });
    assert_eq!(text, expected.to_string());
}

#[test]
fn a_test_has_one_core_and_keeps_its_attributes() {
    let item = quote! {
        #[ignore = "slow"]
        #[should_panic(expected = "no")]
        async fn it_panics() -> std::io::Result<()> { panic!("no") }
    };
    let expected = quote! {
        #[::core::prelude::v1::test]
        #[ignore = "slow"]
        #[should_panic(expected = "no")]
        fn it_panics() -> std::io::Result<()> {
            async fn it_panics() -> std::io::Result<()> { panic!("no") }
            ::sexton::rt::test(::core::option::Option::Some(1usize), it_panics)
        }
    };
    assert_eq!(written(Kind::Test, quote! {}, item), expected.to_string());
}

#[test]
fn a_test_may_ask_for_more_cores() {
    let text = written(Kind::Test, quote! { cores = 4 }, quote! { async fn four() {} });
    assert!(text.contains("Some (4usize)"), "{text}");
}

#[test]
fn a_simulated_test_goes_to_the_simulation_with_what_was_asked_for() {
    let expected = quote! {
        #[::core::prelude::v1::test]
        fn slow() {
            async fn slow() {}
            ::sexton::sim::Seeds::new(2usize).seeds(9u64).faults("disk").run(slow)
        }
    };
    let options = quote! { sim(seeds = 9, faults = "disk"), cores = 2 };
    assert_eq!(written(Kind::Test, options, quote! { async fn slow() {} }), expected.to_string());
    let main = written(Kind::Main, quote! { sim }, quote! { async fn main() {} });
    assert!(main.contains("is no test"), "{main}");
}

#[test]
fn each_wrong_function_is_refused_with_its_reason() {
    let cases = [
        (quote! { fn main() {} }, "needs an `async fn`"),
        (quote! { async fn main(args: Vec<String>) {} }, "no arguments"),
        (quote! { async fn main(&self) {} }, "free function"),
        (quote! { async fn main<T>() {} }, "generic"),
        (quote! { async fn main<'a>() {} }, "generic"),
        (quote! { async fn main() where u8: Copy {} }, "`where` clause"),
        (tokens("async unsafe fn main() {}"), "`unsafe fn`"),
        (quote! { async extern "C" fn main() {} }, "`extern`"),
        (quote! { const fn main() {} }, "`const fn`"),
        (quote! { #[sexton::main] async fn main() {} }, "stands alone"),
        (quote! { #[test] async fn main() {} }, "stands alone"),
        (quote! { struct Main; }, "is for functions"),
    ];
    for (item, reason) in cases {
        for kind in [Kind::Main, Kind::Test] {
            let text = refused(kind, item.clone());
            assert!(text.contains(reason), "{item}: {text}");
            assert!(text.contains(kind.name()), "{item}: {text}");
        }
    }
}

#[test]
fn all_that_is_wrong_is_said_at_once() {
    let item = tokens("unsafe fn main(n: usize) {}");
    let text = written(Kind::Main, quote! { cores = 0 }, item);
    for reason in ["`async fn`", "`unsafe fn`", "no arguments", "at least one core"] {
        assert!(text.contains(reason), "{reason}: {text}");
    }
}

#[test]
fn a_refused_main_leaves_a_main_behind() {
    assert!(refused(Kind::Main, quote! { fn main() {} }).ends_with("fn main () { }"));
}

#[test]
fn broken_code_is_an_error_and_no_panic() {
    for item in [quote! {}, quote! { async fn }, quote! { async fn main() }, quote! { 1 + 1 }] {
        refused(Kind::Main, item);
    }
}
