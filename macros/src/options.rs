//! What stands in the brackets: `#[sexton::main(cores = 2)]`.

use syn::parse::{Parse, ParseStream};
use syn::punctuated::Punctuated;
use syn::spanned::Spanned;
use syn::{Error, Expr, ExprLit, Lit, Meta, Result, Token};

/// The options of both attributes.
#[derive(Debug, Default)]
pub(crate) struct Options {
    /// How many cores; without it the runtime's default holds.
    pub(crate) cores: Option<usize>,
}

impl Parse for Options {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        let mut options = Self::default();
        for option in Punctuated::<Meta, Token![,]>::parse_terminated(input)? {
            if !option.path().is_ident("cores") {
                return Err(Error::new(
                    option.span(),
                    "unknown option: the only one is `cores = N`, the number of cores",
                ));
            }
            if options.cores.replace(cores(&option)?).is_some() {
                return Err(Error::new(option.span(), "`cores` is given twice"));
            }
        }
        Ok(options)
    }
}

/// The number in `cores = 2`.
fn cores(option: &Meta) -> Result<usize> {
    let Meta::NameValue(option) = option else {
        return Err(Error::new(option.span(), "`cores` needs a value: `cores = 2`"));
    };
    let Expr::Lit(ExprLit { lit: Lit::Int(number), .. }) = &option.value else {
        return Err(Error::new(option.value.span(), "`cores` takes an integer: `cores = 2`"));
    };
    if !matches!(number.suffix(), "" | "usize") || number.base10_digits().starts_with('-') {
        return Err(Error::new(number.span(), "`cores` takes a `usize`: `cores = 2`"));
    }
    match number.base10_parse()? {
        0 => Err(Error::new(number.span(), "a runtime needs at least one core")),
        cores => Ok(cores),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(text: &str) -> String {
        syn::parse_str::<Options>(text).expect_err(text).to_string()
    }

    #[test]
    fn nothing_in_the_brackets_leaves_the_number_of_cores_to_the_runtime() {
        assert_eq!(syn::parse_str::<Options>("").unwrap().cores, None);
    }

    #[test]
    fn an_integer_literal_is_taken_in_all_its_spellings() {
        for (text, cores) in [("cores = 2", 2), ("cores = 0x10,", 16), ("cores = 1_0usize", 10)] {
            assert_eq!(syn::parse_str::<Options>(text).unwrap().cores, Some(cores), "{text}");
        }
    }

    #[test]
    fn no_core_at_all_is_refused() {
        assert!(refused("cores = 0").contains("at least one core"));
    }

    #[test]
    fn what_is_not_a_number_of_cores_is_refused_with_an_example() {
        let texts =
            ["cores", "cores(2)", "cores = \"2\"", "cores = -1", "cores = N", "cores = 2u8"];
        for text in texts {
            assert!(refused(text).contains("`cores = 2`"), "{text}");
        }
    }

    #[test]
    fn a_number_too_large_for_usize_is_an_error_and_no_panic() {
        assert!(refused("cores = 99999999999999999999999").contains("too large"));
    }

    #[test]
    fn an_option_unknown_or_given_twice_is_refused() {
        assert!(refused("threads = 2").contains("unknown option"));
        assert!(refused("cores = 2, cores = 3").contains("given twice"));
    }
}
