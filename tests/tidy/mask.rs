//! Code without its comments and strings, so that rules about code do not trip over words.

/// The same lines with comments, strings and characters blanked out.
pub(crate) fn code(text: &str) -> String {
    mask(text, Blank::CommentsAndStrings)
}

/// The same lines with comments alone blanked out.
pub(crate) fn code_and_strings(text: &str) -> String {
    mask(text, Blank::Comments)
}

/// Whether a whole file is a test: in a folder `tests`, or called `tests.rs`, `loom_tests.rs`.
pub(crate) fn is_test(path: &str) -> bool {
    path.split('/').any(|part| part == "tests") || path.ends_with("tests.rs")
}

/// The part of a file that is no test.
pub(crate) fn library<'a>(path: &str, text: &'a str) -> &'a str {
    if is_test(path) { "" } else { before_tests(text) }
}

/// What comes before the unit tests of a file: all before the first module that is `#[cfg(test)]`.
fn before_tests(text: &str) -> &str {
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        let in_tests = ["#[cfg(test)]", "#[cfg(all(test,"].iter().any(|cfg| line.starts_with(cfg));
        if in_tests {
            let rest = &text[at + line.len()..];
            let item = rest.lines().find(|line| !line.starts_with("#["));
            if item.is_some_and(|item| words(item).any(|word| word == "mod")) {
                return &text[..at];
            }
        }
        at += line.len();
    }
    text
}

/// The identifiers, keywords and numbers of a text.
pub(crate) fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !c.is_alphanumeric() && c != '_').filter(|word| !word.is_empty())
}

#[derive(Clone, Copy, PartialEq)]
enum Blank {
    Comments,
    CommentsAndStrings,
}

fn mask(text: &str, blank: Blank) -> String {
    let mut masked = String::with_capacity(text.len());
    let mut rest = text;
    let mut last = ' ';
    while let Some(first) = rest.chars().next() {
        let (len, hide) = match comment(rest) {
            Some(len) => (len, true),
            None => match string(rest, last) {
                Some(len) => (len, blank == Blank::CommentsAndStrings),
                None => (first.len_utf8(), false),
            },
        };
        let (token, tail) = rest.split_at(len);
        match hide {
            true => masked.extend(token.chars().map(|c| if c == '\n' { c } else { ' ' })),
            false => masked.push_str(token),
        }
        last = token.chars().next_back().unwrap_or(' ');
        rest = tail;
    }
    masked
}

/// The length of the comment that begins here.
fn comment(text: &str) -> Option<usize> {
    if text.starts_with("//") {
        return Some(text.find('\n').unwrap_or(text.len()));
    }
    if !text.starts_with("/*") {
        return None;
    }
    let (mut depth, mut at) = (0, 0);
    while at < text.len() {
        let pair = &text.as_bytes()[at..text.len().min(at + 2)];
        let step = match pair {
            b"/*" => 1,
            b"*/" => -1,
            _ => 0,
        };
        depth += step;
        at += if step == 0 { 1 } else { 2 };
        if depth == 0 {
            return Some(at);
        }
    }
    Some(text.len())
}

/// The length of the string or character that begins here, after the character `last`.
fn string(text: &str, last: char) -> Option<usize> {
    let in_word = last.is_alphanumeric() || last == '_';
    let bare = text.trim_start_matches(['b', 'c']);
    let prefix = text.len() - bare.len();
    if prefix > 1 || (prefix == 1 && in_word) {
        return None;
    }
    if let Some(raw) = bare.strip_prefix('r').filter(|_| !in_word || prefix == 1) {
        let hashes = raw.len() - raw.trim_start_matches('#').len();
        let body = raw[hashes..].strip_prefix('"')?;
        let end = format!("\"{}", "#".repeat(hashes));
        let len = body.find(&end).map_or(body.len(), |at| at + end.len());
        return Some(prefix + 1 + hashes + 1 + len);
    }
    match bare.as_bytes().first()? {
        b'"' => Some(prefix + quoted(bare, b'"')),
        b'\'' => character(bare).map(|len| prefix + len),
        _ => None,
    }
}

/// The length of what stands between two `quote`s, both included.
fn quoted(text: &str, quote: u8) -> usize {
    let mut escaped = true; // the first quote opens
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            byte if byte == quote => return at + 1,
            _ => {}
        }
    }
    text.len()
}

/// The length of a character, or nothing where the quote begins a lifetime.
fn character(text: &str) -> Option<usize> {
    let mut chars = text[1..].chars();
    match (chars.next()?, chars.next()?) {
        ('\\', _) => Some(quoted(text, b'\'')),
        (c, '\'') => Some(2 + c.len_utf8()),
        _ => None,
    }
}

#[test]
fn words_in_comments_and_strings_are_no_code() {
    let texts = [
        "// unsafe\n",
        "/* a /* nested */ unsafe */",
        "\"unsafe\"",
        "\"a \\\" unsafe\"",
        "r#\"a \" unsafe\"#",
        "br\"unsafe\"",
        "b\"unsafe\"",
        "c\"unsafe\"",
        "\"\\\\\" // unsafe",
    ];
    for text in texts {
        assert!(!code(text).contains("unsafe"), "{text}: {}", code(text));
        assert_eq!(code(text).lines().count(), text.lines().count(), "{text}");
    }
}

#[test]
fn code_stays_code_behind_quotes_of_all_kinds() {
    let texts = [
        "fn f<'a>(x: &'a u8) { unsafe {} }",
        "let c = '\"'; unsafe {}",
        "let c = '\\''; unsafe {}",
        "let c = b'\\\\'; unsafe {}",
        "let s = \"//\"; unsafe {}",
        "let s = r\"\\\"; unsafe {}",
        "let s = \"é\"; unsafe {}",
        "for r in 0..1 { unsafe {} }",
        "let r#type = 1; unsafe {}",
    ];
    for text in texts {
        assert!(code(text).contains("unsafe {}"), "{text}: {}", code(text));
    }
}

#[test]
fn strings_can_be_kept() {
    assert_eq!(code_and_strings("f(\"//\"); // x"), "f(\"//\");     ");
}

#[test]
fn unit_tests_begin_at_their_module_and_not_at_a_helper() {
    let text = "#[cfg(test)]\nfn helper() {}\nfn f() {}\n#[cfg(test)]\nmod tests {}\n";
    assert_eq!(before_tests(text), "#[cfg(test)]\nfn helper() {}\nfn f() {}\n");
    assert_eq!(before_tests("fn f() {}\n"), "fn f() {}\n");
    let loom = "#[cfg(all(test, loom))]\nmod loom_tests;\n";
    assert_eq!(before_tests(loom), "");
    let path = "#[cfg(test)]\n#[path = \"x.rs\"]\npub(crate) mod tests;\n";
    assert_eq!(before_tests(path), "");
    for test in
        ["tests/a.rs", "net/src/tcp/tests.rs", "runtime/src/a/tests/b.rs", "a/loom_tests.rs"]
    {
        assert_eq!(library(test, "fn f() {}\n"), "", "{test}");
    }
    assert_eq!(library("runtime/src/attests/a.rs", "fn f() {}\n"), "fn f() {}\n");
}
