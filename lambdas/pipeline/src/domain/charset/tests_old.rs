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
