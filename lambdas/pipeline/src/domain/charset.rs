//! Which charset a text is in.

use encoding_rs::{DecoderResult, Encoding, UTF_8, UTF_16BE, UTF_16LE};
use sp_api::{RegionCode, marketplaces};

/// How far into a document its XML declaration may reach.
const DECLARATION: usize = 256;

/// The encoding that a label means, in WHATWG's spelling or in Java's, which is Amazon's: `Cp1252`,
/// `ISO8859_1`, `MS932`, `Cp932`. As in browsers, ISO-8859-1 is windows-1252, and every Shift_JIS is
/// Microsoft's.
pub(super) fn labelled(label: &str) -> Option<&'static Encoding> {
    let label = label.trim().to_ascii_lowercase();
    let hyphenated = label.replace('_', "-");
    let code_page = match label.as_str() {
        "cp932" | "cp943" | "cp943c" => "shift_jis",
        "cp936" | "ms936" => "gbk",
        "cp949" | "ms949" => "euc-kr",
        "cp950" | "ms950" => "big5",
        other => other,
    };
    [label.as_str(), &hyphenated, code_page]
        .iter()
        .find_map(|label| Encoding::for_label_no_replacement(label.as_bytes()))
}

/// What a text's charset is found out from.
#[derive(Clone, Copy, Debug)]
pub(super) struct Text<'a> {
    /// The first bytes; the last character may be cut.
    pub(super) head: &'a [u8],
    /// What its source calls its charset.
    pub(super) declared: Option<&'a str>,
    /// Whether it is in a format that is UTF-8 unless it says otherwise, as JSON and XML are.
    pub(super) is_utf8_by_default: bool,
    /// Where it comes from.
    pub(super) region: RegionCode,
}

impl Text<'_> {
    /// The charset, by the first of these that says something: a byte order mark, its source, an XML
    /// declaration, letters that only UTF-8 would write so, the format, the region.
    pub(super) fn encoding(self) -> &'static Encoding {
        Encoding::for_bom(self.head)
            .map(|(encoding, _)| encoding)
            .or_else(|| self.declared.and_then(labelled))
            .or_else(|| declared_in_xml(self.head))
            .or_else(|| self.is_utf8().then_some(UTF_8))
            .unwrap_or_else(|| self.usual())
    }

    fn is_utf8(self) -> bool {
        let text = match std::str::from_utf8(self.head) {
            Ok(_) => self.head,
            Err(error) if error.error_len().is_none() => &self.head[..error.valid_up_to()],
            Err(_) => return false,
        };
        !text.is_ascii() || self.is_utf8_by_default && self.head.is_ascii()
    }

    /// The first of the region's charsets that the text can be in; the first of all for ASCII, which
    /// reads the same in each.
    fn usual(self) -> &'static Encoding {
        let charsets = marketplaces::charsets(self.region);
        let mut encodings = charsets.iter().filter_map(|label| labelled(label));
        encodings
            .find(|encoding| may_be(self.head, encoding))
            .unwrap_or(encoding_rs::WINDOWS_1252)
    }
}

/// Whether `head` is the beginning of a text in that encoding. Letters that everybody defines for
/// himself don't count as text: in Shift_JIS they are what "ö" and "ß" of windows-1252 look like.
fn may_be(head: &[u8], encoding: &'static Encoding) -> bool {
    let mut decoder = encoding.new_decoder_without_bom_handling();
    let longest = decoder.max_utf8_buffer_length_without_replacement(head.len());
    let mut text = String::with_capacity(longest.unwrap_or_default());
    let (result, _) = decoder.decode_to_string_without_replacement(head, &mut text, false);
    let private = '\u{e000}'..='\u{f8ff}';
    matches!(result, DecoderResult::InputEmpty) && !text.contains(|letter| private.contains(&letter))
}

/// The encoding that an XML declaration names: `<?xml version="1.0" encoding="ISO-8859-1"?>`.
fn declared_in_xml(head: &[u8]) -> Option<&'static Encoding> {
    let head = &head[..head.len().min(DECLARATION)];
    let end = head.windows(2).position(|pair| pair == b"?>")?;
    let declaration = std::str::from_utf8(&head[..end]).ok()?.strip_prefix("<?xml")?;
    let value = declaration
        .split_once("encoding")?
        .1
        .trim_start()
        .strip_prefix('=')?
        .trim_start();
    let quote = value.chars().next().filter(|quote| ['"', '\''].contains(quote))?;
    let label = value[1..].split(quote).next()?;
    // Whoever can read this line as ASCII does not read UTF-16.
    labelled(label).map(|encoding| {
        if [UTF_16LE, UTF_16BE].contains(&encoding) {
            UTF_8
        } else {
            encoding
        }
    })
}

#[cfg(test)]
mod tests {
    use encoding_rs::{BIG5, EUC_JP, GBK, SHIFT_JIS, WINDOWS_1252};

    use super::*;

    fn text(head: &[u8]) -> Text<'_> {
        Text {
            head,
            declared: None,
            is_utf8_by_default: false,
            region: RegionCode::Eu,
        }
    }

    #[test]
    fn labels_are_known_as_browsers_and_amazon_spell_them() {
        for (label, encoding) in [
            ("Cp1252", WINDOWS_1252),
            ("windows-1252", WINDOWS_1252),
            ("ISO-8859-1", WINDOWS_1252),
            ("ISO8859_1", WINDOWS_1252),
            ("iso_8859-1", WINDOWS_1252),
            ("US-ASCII", WINDOWS_1252),
            ("Shift_JIS", SHIFT_JIS),
            ("shift-jis", SHIFT_JIS),
            ("SJIS", SHIFT_JIS),
            ("MS932", SHIFT_JIS),
            ("cp932", SHIFT_JIS),
            ("Windows-31J", SHIFT_JIS),
            ("windows_31j", SHIFT_JIS),
            ("EUC_JP", EUC_JP),
            ("UTF-8", UTF_8),
            ("utf8", UTF_8),
            (" UTF_8 ", UTF_8),
            ("GBK", GBK),
            ("MS936", GBK),
            ("cp950", BIG5),
            ("UTF-16", UTF_16LE),
        ] {
            assert_eq!(labelled(label), Some(encoding), "{label}");
        }
        for label in ["", "klingon", "Cp037", "iso-2022-kr"] {
            assert_eq!(labelled(label), None, "{label}");
        }
    }

    #[test]
    fn a_byte_order_mark_beats_what_is_said() {
        for (head, encoding) in [
            (b"\xef\xbb\xbfsku".as_slice(), UTF_8),
            (b"\xff\xfes\0k\0", UTF_16LE),
            (b"\xfe\xff\0s\0k", UTF_16BE),
        ] {
            let marked = Text {
                declared: Some("Cp1252"),
                ..text(head)
            };
            assert_eq!(marked.encoding(), encoding);
        }
    }

    #[test]
    fn the_source_is_believed_if_it_is_understood() {
        let declared = |label| {
            Text {
                declared: Some(label),
                ..text("Größe".as_bytes())
            }
            .encoding()
        };
        assert_eq!(declared("Cp1252"), WINDOWS_1252);
        assert_eq!(declared("klingon"), UTF_8);
    }

    #[test]
    fn an_xml_declaration_is_read() {
        for (head, encoding) in [
            (
                b"<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?><a>\xf6</a>".as_slice(),
                WINDOWS_1252,
            ),
            (b"<?xml version='1.0' encoding = 'Shift_JIS' ?><a/>", SHIFT_JIS),
            (b"<?xml version='1.0' encoding='UTF-16'?><a/>", UTF_8),
            (b"<?xml version='1.0' encoding='UTF-8'?><a/>", UTF_8),
        ] {
            assert_eq!(text(head).encoding(), encoding, "{}", head.escape_ascii());
        }
        for head in [
            b"<?xml version='1.0'?><a encoding='UTF-8'/>".as_slice(),
            b"<?xml version='1.0' encoding=",
            b"<?xml version='1.0' encoding='klingon'?>",
            b"<?xml version='1.0' encoding=UTF-8?>",
        ] {
            assert_eq!(declared_in_xml(head), None, "{}", head.escape_ascii());
        }
    }

    #[test]
    fn utf8_is_recognized_by_its_letters_even_if_the_last_is_cut() {
        let letters = "sku\tname\nA\tGröße 日本".as_bytes();
        for end in letters.len() - 2..=letters.len() {
            assert_eq!(text(&letters[..end]).encoding(), UTF_8);
        }
        // A letter of windows-1252 at the end is no letter of UTF-8 that was cut.
        assert_eq!(text(b"caf\xc3").encoding(), WINDOWS_1252);
        assert_eq!(text(b"Gr\xf6\xdfe").encoding(), WINDOWS_1252);
    }

    #[test]
    fn json_and_xml_are_utf8_unless_they_can_not_be() {
        let structured = |head| Text {
            is_utf8_by_default: true,
            region: RegionCode::Fe,
            ..text(head)
        };
        assert_eq!(structured(b"{\"sku\": 1}").encoding(), UTF_8);
        assert_eq!(structured(b"").encoding(), UTF_8);
        assert_eq!(
            structured(b"{\"name\": \"\x93\xfa\x96\x7b\"}").encoding(),
            SHIFT_JIS
        );
    }

    #[test]
    fn the_far_easts_charset_is_what_the_bytes_can_be() {
        fn usual(head: &[u8]) -> &'static Encoding {
            let region = RegionCode::Fe;
            Text { region, ..text(head) }.encoding()
        }
        let (japanese, _, _) = SHIFT_JIS.encode("商品名\t数量\n髙島屋①ｱｲｳ\t1\n");
        for end in 0..=japanese.len() {
            assert_eq!(usual(&japanese[..end]), SHIFT_JIS, "{end}");
        }
        for english in [
            "café au lait\n",
            "Größe",
            "£5 – “new”",
            "Übergröße señor naïve Ångström",
        ] {
            let (english, _, unmappable) = WINDOWS_1252.encode(english);
            assert!(!unmappable);
            assert_eq!(usual(&english), WINDOWS_1252, "{}", english.escape_ascii());
        }
        assert_eq!(usual(b"sku\tquantity\n"), SHIFT_JIS);
    }
}
