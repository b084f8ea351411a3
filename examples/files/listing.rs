//! The page that shows what is in a folder.

use super::date;
use super::path::encode;
use std::ffi::OsString;
use std::fmt::{self, Write};
use std::time::SystemTime;

/// What the page says about one file or folder.
#[derive(Debug)]
pub(crate) struct Item {
    pub(crate) name: OsString,
    pub(crate) is_folder: bool,
    pub(crate) len: u64,
    pub(crate) modified: Option<SystemTime>,
}

const TOP: &str = "\
<!DOCTYPE html>
<html lang=\"en\">
<head>
<meta charset=\"utf-8\">
<meta name=\"viewport\" content=\"width=device-width\">
<style>
:root { color-scheme: light dark }
body { font: 15px/1.6 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem }
h1 { font-size: 1.3rem; overflow-wrap: anywhere }
table { border-collapse: collapse; width: 100% }
td { padding: .1rem 1rem .1rem 0; border-top: 1px solid #8883 }
td:first-child { overflow-wrap: anywhere }
td + td { white-space: nowrap; text-align: right; font-variant-numeric: tabular-nums }
a { text-decoration: none }
</style>
";

/// The page of the folder that is shown as `title`. With `is_top` it has no way up; `left_out`
/// says that there are more than these items.
pub(crate) fn page(title: &str, is_top: bool, mut items: Vec<Item>, left_out: bool) -> String {
    items.sort_by(|a, b| b.is_folder.cmp(&a.is_folder).then_with(|| a.name.cmp(&b.name)));
    let mut page = String::with_capacity(TOP.len() + 512 + 160 * items.len());
    write_page(&mut page, &Escaped(title), is_top, &items, left_out)
        .expect("a string takes all that is written");
    page
}

fn write_page(
    page: &mut String,
    title: &Escaped<'_>,
    is_top: bool,
    items: &[Item],
    left_out: bool,
) -> fmt::Result {
    write!(page, "{TOP}<title>{title}</title>\n</head>\n<body>\n<h1>{title}</h1>\n<table>\n")?;
    if !is_top {
        page.push_str("<tr><td><a href=\"../\">../</a></td><td></td><td></td></tr>\n");
    }
    for item in items {
        let (href, slash) = (encode(&item.name), if item.is_folder { "/" } else { "" });
        let name = item.name.to_string_lossy();
        let name = Escaped(&name);
        write!(page, "<tr><td><a href=\"{href}{slash}\">{name}{slash}</a></td><td>")?;
        if !item.is_folder {
            write!(page, "{}", Size(item.len))?;
        }
        let modified = item.modified.map(date::format).unwrap_or_default();
        writeln!(page, "</td><td>{modified}</td></tr>")?;
    }
    page.push_str("</table>\n");
    if left_out {
        writeln!(page, "<p>and more: only {} are shown</p>", items.len())?;
    }
    page.push_str("</body>\n</html>\n");
    Ok(())
}

/// Text that means itself in HTML, whatever is in it.
struct Escaped<'a>(&'a str);

impl fmt::Display for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.chars().try_for_each(|char| match char {
            '&' => f.write_str("&amp;"),
            '<' => f.write_str("&lt;"),
            '>' => f.write_str("&gt;"),
            '"' => f.write_str("&quot;"),
            '\'' => f.write_str("&#39;"),
            _ => f.write_char(char),
        })
    }
}

/// Bytes as a person counts them.
struct Size(u64);

impl fmt::Display for Size {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0 < 1024 {
            return write!(f, "{} B", self.0);
        }
        let units = ["KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];
        // Tenths, so that no size is rounded up to one that it does not have.
        let (mut tenths, mut unit) = (u128::from(self.0) * 10 / 1024, 0);
        while tenths >= 10240 {
            tenths /= 1024;
            unit += 1;
        }
        write!(f, "{}.{} {}", tenths / 10, tenths % 10, units[unit])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::ffi::OsStringExt;

    fn item(name: &str, is_folder: bool) -> Item {
        Item { name: name.into(), is_folder, len: 1536, modified: Some(SystemTime::UNIX_EPOCH) }
    }

    #[test]
    fn folders_come_first_and_names_are_in_order() {
        let items = vec![item("b", false), item("z", true), item("a", false), item("y", true)];
        let page = page("/", true, items, false);
        let at = |text: &str| page.find(text).unwrap_or_else(|| panic!("{text} is not in {page}"));
        let places = [at("\"y/\""), at("\"z/\""), at("\"a\""), at("\"b\"")];
        assert!(places.is_sorted());
        assert!(page.contains("<td>1.5 KiB</td><td>Thu, 01 Jan 1970 00:00:00 GMT</td>"));
        assert!(!page.contains("../"));
    }

    #[test]
    fn no_name_breaks_the_page() {
        let page = page("/<i>&/", false, vec![item("\"><script>'&", false)], false);
        assert!(page.contains("<h1>/&lt;i&gt;&amp;/</h1>"));
        assert!(
            page.contains(
                "<a href=\"%22%3E%3Cscript%3E%27%26\">&quot;&gt;&lt;script&gt;&#39;&amp;<"
            )
        );
        assert!(page.contains("<a href=\"../\">"));
    }

    #[test]
    fn a_name_that_is_no_text_still_has_its_link() {
        let name = OsString::from_vec(b"gr\xfc\xdfe".to_vec());
        let item = Item { name, is_folder: false, len: 0, modified: None };
        let page = page("/", true, vec![item], true);
        assert!(page.contains("<a href=\"gr%FC%DFe\">gr\u{fffd}\u{fffd}e</a>"));
        assert!(page.contains("only 1 are shown"));
    }

    #[test]
    fn sizes_are_short() {
        for (len, expected) in [
            (0, "0 B"),
            (1023, "1023 B"),
            (1024, "1.0 KiB"),
            ((1 << 20) - 1, "1023.9 KiB"),
            (1 << 20, "1.0 MiB"),
            (5 << 30, "5.0 GiB"),
            (u64::MAX, "15.9 EiB"),
        ] {
            assert_eq!(Size(len).to_string(), expected);
        }
    }
}
