//! Options of the form `--name value` and `--name`, nothing more.

use std::str::FromStr;

/// A command line, taken apart.
#[derive(Debug)]
pub struct Args {
    usage: &'static str,
    given: Vec<(String, Option<String>)>,
}

impl Args {
    /// Reads the process's arguments: `flags` stand alone, `options` have a value.
    ///
    /// Ends the process with the usage if there is anything else.
    pub fn read(usage: &'static str, flags: &[&str], options: &[&str]) -> Self {
        Self::take(usage, std::env::args().skip(1), flags, options)
    }

    /// The same after a first word, which says what to do.
    pub fn read_word(usage: &'static str, flags: &[&str], options: &[&str]) -> (String, Self) {
        let mut words = std::env::args().skip(1);
        let word = words.next().unwrap_or_default();
        (word, Self::take(usage, words, flags, options))
    }

    fn take(
        usage: &'static str,
        mut words: impl Iterator<Item = String>,
        flags: &[&str],
        options: &[&str],
    ) -> Self {
        let mut args = Self { usage, given: Vec::new() };
        while let Some(word) = words.next() {
            let Some(name) = word.strip_prefix("--") else { args.refuse(&word) };
            let value = if flags.contains(&name) {
                None
            } else if options.contains(&name) {
                Some(words.next().unwrap_or_else(|| args.refuse(&word)))
            } else {
                args.refuse(&word)
            };
            args.given.push((name.to_owned(), value));
        }
        args
    }

    /// Whether a flag was given.
    pub fn flag(&self, name: &str) -> bool {
        self.given.iter().any(|(given, _)| given == name)
    }

    /// The value of an option, the last one if there are several.
    pub fn text(&self, name: &str) -> Option<&str> {
        let found = self.given.iter().rev().find(|(given, _)| given == name);
        found.and_then(|(_, value)| value.as_deref())
    }

    /// The value of an option as a number, or `otherwise`.
    pub fn number<T: FromStr>(&self, name: &str, otherwise: T) -> T {
        match self.text(name) {
            None => otherwise,
            Some(text) => text.parse().unwrap_or_else(|_| self.refuse(&format!("--{name} {text}"))),
        }
    }

    /// The value of an option that must be there.
    pub fn required<T: FromStr>(&self, name: &str) -> T {
        let parsed = self.text(name).and_then(|text| text.parse().ok());
        parsed.unwrap_or_else(|| self.refuse(&format!("--{name} is needed")))
    }

    /// Says what is wrong and how it is right, and ends the process.
    pub fn refuse(&self, what: &str) -> ! {
        eprintln!("{what}?\n{}", self.usage);
        std::process::exit(2)
    }
}
