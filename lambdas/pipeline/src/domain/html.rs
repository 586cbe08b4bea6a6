//! E-mails as HTML: what their plain text says, and nothing more. Nothing is fetched, counted or traced.

use std::fmt::Write as _;

/// Where values begin in a line `Label:       value`.
const VALUES_AT: usize = 13;

/// Readers of mail that know no style sheets get the styles where they apply.
const PAGE: &str =
    "margin:0 auto;max-width:36rem;padding:1.5rem;font:1rem/1.5 sans-serif;color:#1c1c1c;background:#ffffff";
const HEADING: &str = "margin:1rem 0;font-size:1.1rem;overflow-wrap:anywhere";
const LABEL: &str = "padding:0 1rem 0 0;text-align:left;vertical-align:top;white-space:nowrap;font-weight:normal;color:#595959";
/// Names of files are longer than a telephone is wide.
const VALUE: &str = "overflow-wrap:anywhere;word-break:break-word";
const BUTTON: &str = "display:inline-block;padding:0.6rem 1.2rem;border-radius:0.3rem;background:#0b57a4;color:#ffffff;\
                      text-decoration:none";

/// A part of a text.
#[derive(Debug, PartialEq, Eq)]
enum Part<'a> {
    /// Lines that are one paragraph.
    Paragraph(Vec<&'a str>),
    /// Labels, each with its value.
    Facts(Vec<(&'a str, &'a str)>),
    /// What was behind `- `, each with the lines that follow it.
    List(Vec<Vec<&'a str>>),
    /// A URL, in a line of its own.
    Link(&'a str),
    /// Where something else begins.
    Rule,
    /// What stands between two such lines.
    Heading(&'a str),
}

/// An e-mail's text as HTML. Holds the link as the text does, so it is not to be logged.
#[must_use]
pub fn html(subject: &str, text: &str) -> String {
    let mut body = String::new();
    for part in parts(text) {
        part.write(&mut body);
    }
    format!(
        "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width\"><title>{}</title></head>\n\
         <body style=\"{PAGE}\">\n{body}</body></html>\n",
        escaped(subject)
    )
}

impl Part<'_> {
    fn write(&self, html: &mut String) {
        // Writing into a text can't fail.
        let _ = match self {
            Self::Paragraph(lines) => writeln!(html, "<p>{}</p>", joined(lines)),
            Self::Facts(facts) => {
                let rows: String = facts.iter().map(row).collect();
                writeln!(html, "<table>\n{rows}</table>")
            }
            Self::List(items) => {
                let items: String = items
                    .iter()
                    .map(|lines| format!("<li>{}</li>\n", joined(lines)))
                    .collect();
                writeln!(html, "<ul>\n{items}</ul>")
            }
            Self::Rule => writeln!(html, "<hr>"),
            Self::Heading(words) => writeln!(html, "<h2 style=\"{HEADING}\">{}</h2>", escaped(words)),
            Self::Link(url) => {
                let url = escaped(url);
                // As text, too: some readers of mail show no links, and people like to see where one leads.
                writeln!(
                    html,
                    "<p><a href=\"{url}\" style=\"{BUTTON}\">Download</a></p>\n\
                     <p style=\"word-break:break-all\">{url}</p>"
                )
            }
        };
    }
}

fn row((label, value): &(&str, &str)) -> String {
    format!(
        "<tr><th scope=\"row\" style=\"{LABEL}\">{}</th><td style=\"{VALUE}\">{}</td></tr>\n",
        escaped(label),
        escaped(value)
    )
}

fn joined(lines: &[&str]) -> String {
    escaped(&lines.join(" "))
}

/// The parts of a text; blank lines are between them, and none is in one.
fn parts(text: &str) -> Vec<Part<'_>> {
    let mut parts: Vec<Part<'_>> = Vec::new();
    let mut is_new = true;
    for line in text.lines() {
        let line = line.trim_end();
        if line.is_empty() {
            is_new = true;
            continue;
        }
        let last = parts.last_mut().filter(|_| !is_new);
        is_new = false;
        if line.len() > 2 && line.bytes().all(|byte| byte == b'-') {
            if !matches!(last, Some(Part::Heading(_))) {
                parts.push(Part::Rule);
            }
        } else if line.starts_with("https://") || line.starts_with("http://") {
            parts.push(Part::Link(line));
        } else if let Some(fact) = fact(line) {
            match last {
                Some(Part::Facts(facts)) => facts.push(fact),
                _ => parts.push(Part::Facts(vec![fact])),
            }
        } else if let Some(item) = line.strip_prefix("- ") {
            match last {
                Some(Part::List(items)) => items.push(vec![item]),
                _ => parts.push(Part::List(vec![vec![item]])),
            }
        } else {
            match last {
                Some(Part::Paragraph(lines)) => lines.push(line),
                Some(Part::Rule) => parts.push(Part::Heading(line)),
                // What is indented goes on with its item.
                Some(Part::List(items)) if line.starts_with("  ") => {
                    if let Some(lines) = items.last_mut() {
                        lines.push(line.trim_start());
                    }
                }
                _ => parts.push(Part::Paragraph(vec![line])),
            }
        }
    }
    parts
}

/// Label and value of a line that has both.
fn fact(line: &str) -> Option<(&str, &str)> {
    let (label, value) = line.split_at_checked(VALUES_AT)?;
    let label = label.strip_suffix(' ')?.trim_end().strip_suffix(':')?;
    (!value.starts_with(' ') && label.starts_with(|first: char| first.is_ascii_uppercase()))
        .then_some((label, value))
}

/// A text that HTML takes as it is, between tags and in attributes.
/// The text as it stands in HTML, also between quotes.
pub(crate) fn escaped(text: &str) -> String {
    let mut html = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => html.push_str("&amp;"),
            '<' => html.push_str("&lt;"),
            '>' => html.push_str("&gt;"),
            '"' => html.push_str("&quot;"),
            '\'' => html.push_str("&#39;"),
            other => html.push(other),
        }
    }
    html
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "Your Amazon report\nis ready.\n\nReport:      All <listings>\nReport id:   5\n\n\
                        Download, until noon:\nhttps://x.example/links/a?b=\"c\"&d\n\nThat means one of:\n\
                        - no data,\n- asked for\n  too soon.\nQuestions? Ask Ann & Bob.\n";

    #[test]
    fn a_text_is_read_as_people_read_it() {
        let expected = [
            Part::Paragraph(vec!["Your Amazon report", "is ready."]),
            Part::Facts(vec![("Report", "All <listings>"), ("Report id", "5")]),
            Part::Paragraph(vec!["Download, until noon:"]),
            Part::Link("https://x.example/links/a?b=\"c\"&d"),
            Part::Paragraph(vec!["That means one of:"]),
            Part::List(vec![vec!["no data,"], vec!["asked for", "too soon."]]),
            Part::Paragraph(vec!["Questions? Ask Ann & Bob."]),
        ];
        assert_eq!(parts(TEXT), expected);
    }

    #[test]
    fn many_in_one_have_headings() {
        let text = "So much.\n\n-----\n1 of 2: Ready\n-----\n\nReport id:   1\n\n-----\n\nWhoever\n";
        let expected = [
            Part::Paragraph(vec!["So much."]),
            Part::Rule,
            Part::Heading("1 of 2: Ready"),
            Part::Facts(vec![("Report id", "1")]),
            Part::Rule,
            Part::Paragraph(vec!["Whoever"]),
        ];
        assert_eq!(parts(text), expected);
    }

    #[test]
    fn a_link_is_a_button_and_a_text() {
        let html = html("Ready", TEXT);
        let url = "https://x.example/links/a?b=&quot;c&quot;&amp;d";
        assert!(html.contains(&format!("<a href=\"{url}\"")), "{html}");
        assert!(html.contains(&format!(">{url}</p>")), "{html}");
    }

    #[test]
    fn nothing_of_a_text_becomes_html_and_nothing_is_fetched() {
        let html = html(
            "Ready: <5>",
            "<script>alert('x')</script>\n\nReason:      <img src=\"x\">\n- <b>\n",
        );
        for tag in ["<script", "<img", "<b>", "src=\"", "<link", "url("] {
            assert!(!html.contains(tag), "{tag}: {html}");
        }
        assert!(html.contains("<title>Ready: &lt;5&gt;</title>"), "{html}");
        assert!(html.contains(">&lt;img src=&quot;x&quot;&gt;</td>"), "{html}");
    }

    #[test]
    fn what_only_looks_like_a_fact_is_text() {
        for line in [
            "Ready: Monday or later",
            "12:30:00:    x",
            "Über uns:   ä",
            "Note:         x",
        ] {
            assert_eq!(fact(line), None, "{line}");
        }
    }
}
