//! Turns elements into the text a reader sees.

use ego_tree::iter::Edge;
use scraper::{ElementRef, Node};

/// Elements whose content nobody reads.
const UNREAD: [&str; 9] =
    ["script", "style", "noscript", "template", "svg", "iframe", "object", "head", "title"];

/// How white space and blocks are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Layout {
    /// As in a message: blanks count, a line ends at `<br>`, a block stands on lines of its own.
    Message,
    /// As in a page: white space is one blank, paragraphs are parted by an empty line.
    Page,
}

/// Returns the text of `element` without the parts for which `left_out` is true.
pub(super) fn text(
    element: ElementRef<'_>,
    layout: Layout,
    left_out: impl Fn(ElementRef<'_>) -> bool,
) -> String {
    let mut writer = Writer { out: String::new(), breaks: 0, layout, preformatted: 0 };
    let mut skipped = None;
    for edge in element.traverse() {
        match edge {
            Edge::Open(node) if skipped.is_none() => match node.value() {
                Node::Text(text) => writer.text(text),
                Node::Element(value) => {
                    let unread = UNREAD.contains(&value.name());
                    if unread || ElementRef::wrap(node).is_some_and(&left_out) {
                        skipped = Some(node.id());
                    } else {
                        writer.open(value.name());
                    }
                }
                _ => {}
            },
            Edge::Close(node) => {
                if skipped == Some(node.id()) {
                    skipped = None;
                } else if skipped.is_none()
                    && let Node::Element(value) = node.value()
                {
                    writer.close(value.name());
                }
            }
            Edge::Open(_) => {}
        }
    }
    writer.out.trim().to_owned()
}

struct Writer {
    out: String,
    breaks: usize, // line ends owed before the next words
    layout: Layout,
    preformatted: usize, // `<pre>` elements open
}

impl Writer {
    fn open(&mut self, name: &str) {
        match name {
            "br" => self.line_end(),
            "td" | "th" => self.text(" "),
            "pre" => self.preformatted += 1,
            _ => {}
        }
        self.owe(self.breaks_around(name));
    }

    fn close(&mut self, name: &str) {
        self.preformatted -= usize::from(name == "pre");
        self.owe(self.breaks_around(name));
    }

    /// Returns the line ends that part the element from what is around it.
    fn breaks_around(&self, name: &str) -> usize {
        let (paragraph, line) = match name {
            "p" | "h1" | "h2" | "h3" | "h4" | "h5" | "h6" | "blockquote" | "pre" | "ul" | "ol" | "dl"
            | "table" | "hr" | "article" | "section" | "main" => (true, true),
            "div" | "li" | "tr" | "dt" | "dd" | "figure" | "figcaption" | "address" | "details"
            | "summary" => (false, true),
            _ => (false, false),
        };
        usize::from(line) + usize::from(paragraph && self.layout == Layout::Page)
    }

    fn owe(&mut self, breaks: usize) {
        self.breaks = self.breaks.max(breaks);
    }

    fn line_end(&mut self) {
        self.settle();
        if self.layout == Layout::Page {
            self.out.truncate(self.out.trim_end_matches(' ').len());
        }
        self.out.push('\n');
    }

    /// Writes the line ends that are owed.
    fn settle(&mut self) {
        if self.breaks == 0 {
            return;
        }
        if self.layout == Layout::Page {
            self.out.truncate(self.out.trim_end_matches(' ').len());
        }
        let there = self.out.len() - self.out.trim_end_matches('\n').len();
        for _ in there..self.breaks {
            if !self.out.is_empty() {
                self.out.push('\n');
            }
        }
        self.breaks = 0;
    }

    fn text(&mut self, text: &str) {
        if self.preformatted > 0 {
            self.settle();
            self.out.push_str(text);
            return;
        }
        let mut rest = text;
        while !rest.is_empty() {
            let blank = rest.len() - rest.trim_ascii_start().len();
            if blank > 0 {
                self.blank(&rest[..blank]);
            }
            rest = &rest[blank..];
            let words = rest.find(|c: char| c.is_ascii_whitespace()).unwrap_or(rest.len());
            if words > 0 {
                self.settle();
                self.out.push_str(&rest[..words]);
            }
            rest = &rest[words..];
        }
    }

    fn blank(&mut self, blank: &str) {
        // White space with a line end in it is how the source is laid out, not text.
        let at_line_start = self.breaks > 0 || self.out.is_empty() || self.out.ends_with('\n');
        if self.layout == Layout::Message && !blank.contains(['\n', '\r']) {
            self.settle();
            self.out.push_str(blank);
        } else if !at_line_start && !self.out.ends_with(' ') {
            self.out.push(' ');
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use scraper::Html;

    fn render(html: &str, layout: Layout) -> String {
        text(Html::parse_fragment(html).root_element(), layout, |_| false)
    }

    #[test]
    fn a_message_keeps_its_lines() {
        for (html, expected) in [
            (
                "<i class='emoji'><b>💬</b></i> <b>Odile Brandt</b>’s word:<br/><br/>Yes.",
                "💬 Odile Brandt’s word:\n\nYes.",
            ),
            ("\n  One  two<br>three\n   ", "One  two\nthree"),
            ("One<blockquote>two</blockquote>three", "One\ntwo\nthree"),
            ("<pre>a\n  b</pre>c", "a\n  b\nc"),
            ("A &lt;...&gt; &amp; <a href='?q=%23Pier'>#Pier</a>", "A <...> & #Pier"),
            ("bold<b> edge </b>kept", "bold edge kept"),
        ] {
            assert_eq!(render(html, Layout::Message), expected);
        }
    }

    #[test]
    fn a_page_is_paragraphs() {
        let html = "<h1>Title</h1>\n<div><p>One\n  two.</p><script>no()</script><p>Three<br> four.</p></div>\
                    <ul><li>a</li> <li>b</li></ul>";
        assert_eq!(render(html, Layout::Page), "Title\n\nOne two.\n\nThree\nfour.\n\na\nb");
    }
}
