//! What stands in the brackets: `#[sexton::main(cores = 2)]`, `#[sexton::test(sim(seeds = 100))]`.

use syn::parse::{Parse, ParseStream};
use syn::punctuated::Punctuated;
use syn::spanned::Spanned;
use syn::{Error, Expr, ExprLit, Lit, Meta, MetaNameValue, Result, Token};

/// The options of both attributes.
#[derive(Debug, Default)]
pub(crate) struct Options {
    /// How many cores; without it the runtime's default holds.
    pub(crate) cores: Option<usize>,
    /// Whether it runs on the simulated kernel, and how.
    pub(crate) sim: Option<Sim>,
}

/// The options of a simulation; what is not said is the runtime's to choose.
#[derive(Debug, Default)]
pub(crate) struct Sim {
    /// How many seeds.
    pub(crate) seeds: Option<u64>,
    /// A set of faults, by its name.
    pub(crate) faults: Option<String>,
    /// A kernel, by its version.
    pub(crate) kernel: Option<String>,
}

impl Parse for Options {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        let mut options = Self::default();
        for option in Punctuated::<Meta, Token![,]>::parse_terminated(input)? {
            let twice = if option.path().is_ident("cores") {
                options.cores.replace(cores(&option)?).is_some()
            } else if option.path().is_ident("sim") {
                options.sim.replace(sim(&option)?).is_some()
            } else {
                return Err(Error::new(
                    option.span(),
                    "unknown option: there are `cores = N`, the number of cores, and, for tests, \
                     `sim`, the simulated kernel",
                ));
            };
            if twice {
                let name = if option.path().is_ident("cores") { "cores" } else { "sim" };
                return Err(Error::new(option.span(), format!("`{name}` is given twice")));
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

/// `sim`, or what is in the brackets of `sim(seeds = 100, faults = "network", kernel = "6.1")`.
fn sim(option: &Meta) -> Result<Sim> {
    const USE: &str = "`sim` stands alone, or as `sim(seeds = 100, faults = \"network\", \
                       kernel = \"6.1\")`";
    let list = match option {
        Meta::Path(_) => return Ok(Sim::default()),
        Meta::List(list) => list,
        Meta::NameValue(_) => return Err(Error::new(option.span(), USE)),
    };
    let mut sim = Sim::default();
    let inner = list
        .parse_args_with(Punctuated::<MetaNameValue, Token![,]>::parse_terminated)
        .map_err(|error| Error::new(error.span(), USE))?;
    for MetaNameValue { path, value, .. } in inner {
        let literal = match &value {
            Expr::Lit(ExprLit { lit, .. }) => Some(lit),
            _ => None,
        };
        let twice = match (path.get_ident().map(ToString::to_string).as_deref(), literal) {
            (Some("seeds"), Some(Lit::Int(number))) => {
                sim.seeds.replace(number.base10_parse()?).is_some()
            }
            (Some("faults"), Some(Lit::Str(name))) => sim.faults.replace(name.value()).is_some(),
            (Some("kernel"), Some(Lit::Str(name))) => sim.kernel.replace(name.value()).is_some(),
            _ => return Err(Error::new(path.span(), USE)),
        };
        if twice {
            return Err(Error::new(path.span(), "the same option is given twice"));
        }
    }
    Ok(sim)
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
    fn a_simulation_may_say_how_many_seeds_which_faults_and_which_kernel() {
        let text = "cores = 2, sim(seeds = 7, faults = \"disk\", kernel = \"6.1\")";
        let options = syn::parse_str::<Options>(text).unwrap();
        let sim = options.sim.unwrap();
        assert_eq!((options.cores, sim.seeds), (Some(2), Some(7)));
        assert_eq!(sim.faults.as_deref(), Some("disk"));
        assert_eq!(sim.kernel.as_deref(), Some("6.1"));
        assert!(syn::parse_str::<Options>("sim").unwrap().sim.is_some());
        for text in ["sim = 3", "sim(5)", "sim(seeds = \"many\")", "sim(colour = 1)"] {
            assert!(refused(text).contains("seeds = 100"), "{text}");
        }
        assert!(refused("sim(seeds = 1, seeds = 2)").contains("given twice"));
    }

    #[test]
    fn an_option_unknown_or_given_twice_is_refused() {
        assert!(refused("threads = 2").contains("unknown option"));
        assert!(refused("cores = 2, cores = 3").contains("given twice"));
    }
}
