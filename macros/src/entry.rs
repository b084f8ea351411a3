//! Which functions are taken, and what becomes of them.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{Attribute, Error, FnArg, Ident, ItemFn, ReturnType, Signature};

use crate::options::{Options, Sim};

/// Which of the two attributes is expanded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// `#[sexton::main]`
    Main,
    /// `#[sexton::test]`
    Test,
}

impl Kind {
    /// As the user wrote it, for messages.
    fn name(self) -> &'static str {
        match self {
            Self::Main => "#[sexton::main]",
            Self::Test => "#[sexton::test]",
        }
    }
}

/// The function's replacement, or the errors that say why it has none.
pub(crate) fn expand(kind: Kind, options: TokenStream, item: TokenStream) -> TokenStream {
    let function = match syn::parse2::<ItemFn>(item.clone()) {
        Ok(function) => function,
        Err(error) => return refuse_item(kind, &item, &error),
    };
    let mut errors = wrong_uses(kind, &function);
    let options = syn::parse2::<Options>(options).unwrap_or_else(|error| {
        errors.push(error);
        Options::default()
    });
    if kind == Kind::Main && options.sim.is_some() {
        let why = "#[sexton::main] is no test: `sim` is an option of #[sexton::test]";
        errors.push(Error::new(function.sig.ident.span(), why));
    }
    match errors.into_iter().reduce(|mut all, error| {
        all.combine(error);
        all
    }) {
        None => start(kind, &options, &function),
        Some(all) => with_stand_in(kind, &function.sig.ident, &all),
    }
}

/// What is not a function with a body: `struct`, `impl`, a function without one, broken code.
fn refuse_item(kind: Kind, item: &TokenStream, error: &Error) -> TokenStream {
    // Broken code is the compiler's to explain, at its place; a whole item of another kind is ours.
    match syn::parse2::<syn::Item>(item.clone()) {
        Ok(other) => {
            let text = format!("{} is for functions, such as `async fn main() {{}}`", kind.name());
            Error::new(other.span(), text).into_compile_error()
        }
        Err(_) => error.to_compile_error(),
    }
}

/// The errors, and a `main` that does nothing: without it the compiler would also miss a `main`.
fn with_stand_in(kind: Kind, name: &Ident, errors: &Error) -> TokenStream {
    let errors = errors.to_compile_error();
    match kind {
        Kind::Main => quote! { #errors fn #name() {} },
        Kind::Test => errors,
    }
}

/// Every reason why the function cannot be taken.
fn wrong_uses(kind: Kind, function: &ItemFn) -> Vec<Error> {
    let name = kind.name();
    let signature = &function.sig;
    let mut errors = Vec::new();
    let mut refuse = |at: &dyn ToTokens, why: &str| {
        errors.push(Error::new_spanned(at.to_token_stream(), format!("{name} {why}")));
    };
    if let Some(attribute) = function.attrs.iter().find(|attribute| starts_too(attribute)) {
        let why = "stands alone: another attribute here already makes this function a start";
        refuse(attribute, why);
    }
    if signature.asyncness.is_none() {
        refuse(&signature.fn_token, "needs an `async fn`");
    }
    if let Some(token) = &signature.constness {
        refuse(token, "cannot start from a `const fn`");
    }
    if let Some(token) = &signature.unsafety {
        refuse(token, "cannot call an `unsafe fn`: nobody could keep its promise");
    }
    if let Some(abi) = &signature.abi {
        refuse(abi, "needs a Rust function, not an `extern` one");
    }
    if !signature.generics.params.is_empty() {
        let why = "cannot choose types or lifetimes for a generic function";
        refuse(&signature.generics.params, why);
    } else if let Some(clause) = &signature.generics.where_clause {
        refuse(clause, "cannot hold a `where` clause");
    }
    match signature.inputs.first() {
        Some(receiver @ FnArg::Receiver(_)) => {
            refuse(receiver, "needs a free function: nobody is there to be `self`");
        }
        Some(_) => refuse(&signature.inputs, "has no arguments to give"),
        None => {}
    }
    if let Some(dots) = &signature.variadic {
        refuse(dots, "has no arguments to give");
    }
    errors
}

/// Whether the attribute is one of ours, the compiler's `#[test]`, or one that another runtime
/// calls so.
fn starts_too(attribute: &Attribute) -> bool {
    let path = attribute.path();
    path.segments.last().is_some_and(|last| last.ident == "main" || last.ident == "test")
}

/// The plain function that hands the async one to the runtime.
fn start(kind: Kind, options: &Options, function: &ItemFn) -> TokenStream {
    let ItemFn { attrs, vis, sig, block } = function;
    let Signature { ident, output, .. } = sig;
    let some = |cores: usize| quote! { ::core::option::Option::Some(#cores) };
    let (test, entry, cores) = match kind {
        Kind::Main => (
            None,
            quote! { main },
            options.cores.map_or_else(|| quote! { ::core::option::Option::None }, some),
        ),
        Kind::Test => (
            Some(quote! { #[::core::prelude::v1::test] }),
            quote! { test },
            some(options.cores.unwrap_or(1)),
        ),
    };
    // What the compiler has against the result (not `Send`, no `Termination`) it says at its type.
    let at = match output {
        ReturnType::Default => ident.span(),
        ReturnType::Type(_, ty) => ty.span(),
    };
    let call = match &options.sim {
        None => quote_spanned! { at => ::sexton::rt::#entry(#cores, #ident) },
        Some(sim) => simulated(sim, options.cores.unwrap_or(1), ident, at),
    };
    quote! {
        #test
        #(#attrs)*
        #vis fn #ident() #output {
            async fn #ident() #output #block
            #call
        }
    }
}

/// The call that hands the function to the simulation.
fn simulated(sim: &Sim, cores: usize, ident: &Ident, at: Span) -> TokenStream {
    let seeds = sim.seeds.map(|seeds| quote! { .seeds(#seeds) });
    let faults = sim.faults.as_ref().map(|name| quote! { .faults(#name) });
    let kernel = sim.kernel.as_ref().map(|name| quote! { .kernel(#name) });
    quote_spanned! { at =>
        ::sexton::sim::Seeds::new(#cores) #seeds #faults #kernel .run(#ident)
    }
}

#[cfg(test)]
mod tests;
