use encoding_rs::{BIG5, EUC_JP, GBK, SHIFT_JIS, WINDOWS_1252};

use super::*;

/// A text, and what is said of it.
#[derive(Clone, Copy)]
struct Text<'a> {
    bytes: &'a [u8],
    declared: Option<&'a str>,
    marketplaces: &'a [&'a str],
    region: RegionCode,
}

const GERMANY: &str = "A1PA6795UKMFR9";
const JAPAN: &str = "A1VC38T7YXB528";
const AUSTRALIA: &str = "A39IBJ37TRP1C6";

fn text(bytes: &[u8]) -> Text<'_> {
    Text {
        bytes,
        declared: None,
        marketplaces: &[],
        region: RegionCode::Eu,
    }
}

fn in_the_far_east(bytes: &[u8]) -> Text<'_> {
    let region = RegionCode::Fe;
    Text {
        region,
        ..text(bytes)
    }
}

impl Text<'_> {
    fn evidence(&self) -> Evidence {
        let ids = self.marketplaces.iter();
        let ids: Vec<_> = ids.map(|id| MarketplaceId::parse(id).expect("valid")).collect();
        let candidates = Candidates::collect(self.bytes, self.declared, &ids, self.region);
        Evidence::new(candidates, self.bytes)
    }

    /// What it is in, however it is cut into pieces.
    fn charset(&self) -> (&'static Encoding, CharsetFrom) {
        let mut evidence = self.evidence();
        evidence.take(self.bytes);
        let charset = evidence.charset();
        let mut random = fastrand::Rng::with_seed(self.bytes.len() as u64);
        for longest in [1, 3, 100, 6000, 100_000] {
            let (mut evidence, mut rest) = (self.evidence(), self.bytes);
            while !rest.is_empty() {
                let (piece, then) = rest.split_at(random.usize(1..=longest.min(rest.len())));
                evidence.take(piece);
                rest = then;
            }
            assert_eq!(evidence.charset(), charset, "in pieces of up to {longest}");
        }
        (charset.encoding, charset.from)
    }

    fn encoding(&self) -> &'static Encoding {
        self.charset().0
    }
}

fn encoded(encoding: &'static Encoding, text: &str) -> Vec<u8> {
    let (bytes, _, unmappable) = encoding.encode(text);
    assert!(!unmappable, "{text}");
    bytes.into_owned()
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
    for (bytes, encoding) in [
        (b"\xef\xbb\xbfsku".as_slice(), UTF_8),
        (b"\xff\xfes\0k\0", UTF_16LE),
        (b"\xfe\xff\0s\0k", UTF_16BE),
    ] {
        let marked = Text {
            declared: Some("Cp1252"),
            ..text(bytes)
        };
        assert_eq!(marked.charset(), (encoding, CharsetFrom::Bytes));
    }
    let wide = Text {
        declared: Some("UTF-16"),
        ..text(b"s\0k\0")
    };
    assert_eq!(wide.charset(), (UTF_16LE, CharsetFrom::Declaration));
}

#[test]
fn charset_that_the_bytes_contradict_valid_utf8_is_utf8_whatever_anybody_says() {
    for declared in [
        None,
        Some("Cp1252"),
        Some("MS932"),
        Some("UTF-16"),
        Some("klingon"),
    ] {
        for bytes in [
            "Größe ß € 日本",
            "",
            "sku\tname\n",
            "<?xml version='1.0' encoding='ISO-8859-1'?>é",
        ] {
            let text = Text {
                declared,
                marketplaces: &[JAPAN],
                ..in_the_far_east(bytes.as_bytes())
            };
            assert_eq!(
                text.charset(),
                (UTF_8, CharsetFrom::Bytes),
                "{declared:?} {bytes}"
            );
        }
    }
}

#[test]
fn charset_that_the_bytes_contradict_utf8_is_not_believed() {
    let declared = Some("UTF-8");
    let western = encoded(WINDOWS_1252, "Größe naïve – „Maß“ 5 €");
    let german = Text {
        declared,
        marketplaces: &[GERMANY],
        ..text(&western)
    };
    assert_eq!(german.charset(), (WINDOWS_1252, CharsetFrom::Marketplace));
    let nowhere = Text {
        declared,
        ..text(&western)
    };
    assert_eq!(nowhere.charset(), (WINDOWS_1252, CharsetFrom::Region));
    let eastern = encoded(SHIFT_JIS, "商品名\t数量\n髙島屋①ｱｲｳ\t1\n");
    let japanese = Text {
        declared,
        marketplaces: &[JAPAN],
        ..in_the_far_east(&eastern)
    };
    assert_eq!(japanese.charset(), (SHIFT_JIS, CharsetFrom::Marketplace));
    // What windows-1252 does not have: the declaration is not true, either.
    let japanese = Text {
        declared: Some("Cp1252"),
        ..japanese
    };
    assert_eq!(japanese.charset(), (SHIFT_JIS, CharsetFrom::Marketplace));
}

#[test]
fn where_the_bytes_leave_a_choice_the_declaration_is_believed() {
    let eastern = encoded(SHIFT_JIS, "商品名\t数量\n");
    let declared = Text {
        declared: Some("MS932"),
        marketplaces: &[GERMANY],
        ..text(&eastern)
    };
    assert_eq!(declared.charset(), (SHIFT_JIS, CharsetFrom::Declaration));
    let in_xml = text(b"<?xml version=\"1.0\" encoding=\"ISO-8859-2\"?><a>\xf6</a>");
    let polish = (encoding_rs::ISO_8859_2, CharsetFrom::Declaration);
    assert_eq!(in_xml.charset(), polish);
    let unknown = Text {
        declared: Some("klingon"),
        ..text(b"Gr\xf6\xdfe")
    };
    assert_eq!(unknown.charset(), (WINDOWS_1252, CharsetFrom::Region));
    // A text that is cut in the middle of a letter stays one.
    let cut = Text {
        bytes: &eastern[..eastern.len() - 2],
        ..declared
    };
    assert_eq!(cut.encoding(), SHIFT_JIS);
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
        assert_eq!(declared_in_xml(head), Some(encoding), "{}", head.escape_ascii());
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
fn a_broken_sequence_among_many_letters_of_utf8_costs_only_itself() {
    let mut bytes = "Größe\t日本\n".repeat(1000).into_bytes();
    bytes.extend_from_slice(b"\xff\n");
    assert_eq!(text(&bytes).charset(), (UTF_8, CharsetFrom::Bytes));
    // An accident of windows-1252 is no letter of UTF-8 among others.
    let western = encoded(WINDOWS_1252, "JOSÉ® Größe Maße\n");
    assert_eq!(text(&western).encoding(), WINDOWS_1252);
    let cut = &"日本語".as_bytes()[..8];
    assert_eq!(text(&[b"a ", cut].concat()).encoding(), WINDOWS_1252);
    assert_eq!(text(b"caf\xc3").encoding(), WINDOWS_1252);
}

#[test]
fn first_accent_after_64_kib_decides_all_the_same() {
    let ascii = "A-1\tred\t10\n".repeat(10_000).into_bytes();
    let then = |accent: &[u8]| [&ascii, accent].concat();
    assert_eq!(text(&then("Größe\n".as_bytes())).encoding(), UTF_8);
    assert_eq!(text(&then(b"Gr\xf6\xdfe\n")).encoding(), WINDOWS_1252);
    let eastern = then(&encoded(SHIFT_JIS, "商品名\n"));
    assert_eq!(
        in_the_far_east(&eastern).charset(),
        (SHIFT_JIS, CharsetFrom::Region)
    );
}

#[test]
fn australia_without_a_charset_is_no_japan() {
    let western = encoded(WINDOWS_1252, "sku\tname\nA-1\tCrème brûlée\n");
    let australian = Text {
        marketplaces: &[AUSTRALIA],
        ..in_the_far_east(&western)
    };
    assert_eq!(australian.charset(), (WINDOWS_1252, CharsetFrom::Marketplace));
    for english in [
        "Crème brûlée",
        "café au lait\n",
        "Größe",
        "£5 – “new”",
        "Übergröße señor naïve Ångström",
        "L’Oréal – it’s “new”\tà la carte\tdéjà vu\n",
    ] {
        let english = encoded(WINDOWS_1252, english);
        let unknown = in_the_far_east(&english);
        assert_eq!(
            unknown.charset(),
            (WINDOWS_1252, CharsetFrom::Region),
            "{}",
            english.escape_ascii()
        );
        let both = Text {
            marketplaces: &[JAPAN, AUSTRALIA],
            ..unknown
        };
        assert_eq!(both.charset(), (WINDOWS_1252, CharsetFrom::Marketplace));
    }
}

#[test]
fn the_far_east_is_japan_where_it_looks_like_it() {
    let japanese = "商品名\t数量\n髙島屋①ｱｲｳ\t1\n";
    for (start, letter) in japanese.char_indices() {
        let begun = encoded(SHIFT_JIS, &japanese[..start + letter.len_utf8()]);
        assert_eq!(in_the_far_east(&begun).encoding(), SHIFT_JIS, "{letter}");
    }
    for words in [
        "sku\tﾜｲﾔﾚｽ ﾏｳｽ USB\n",
        "A-1\tLサイズ 3個 鑪と檜\n",
        "表",
        "A\t品\n",
    ] {
        let words = encoded(SHIFT_JIS, words);
        let japanese = Text {
            marketplaces: &[JAPAN],
            ..in_the_far_east(&words)
        };
        assert_eq!(japanese.charset(), (SHIFT_JIS, CharsetFrom::Marketplace));
        assert_eq!(in_the_far_east(&words).encoding(), SHIFT_JIS);
    }
}

#[test]
fn what_was_counted_is_gone_on_with() {
    let mut random = fastrand::Rng::with_seed(12);
    let words = ["商品名", "ｱｲｳ", "sku-1", "Größe", "髙島屋", "\t", "\n"];
    let long = "x".repeat(5000);
    for encoding in [UTF_8, SHIFT_JIS, WINDOWS_1252] {
        for _ in 0..50 {
            let long = random.bool().then_some(long.as_str());
            let words = (0..300).map(|_| random.choice(words).unwrap_or_default());
            let text: String = words.chain(long).collect();
            let (bytes, ..) = encoding.encode(&text);
            let text = in_the_far_east(&bytes);
            let (one, two) = bytes.split_at(random.usize(..bytes.len()));
            let mut evidence = text.evidence();
            evidence.take(one);
            if let Some(so_far) = evidence.so_far() {
                let json = serde_json::to_string(&so_far).expect("JSON");
                let so_far = serde_json::from_str(&json).expect("readable");
                let candidates = Candidates::collect(&bytes, None, &[], RegionCode::Fe);
                evidence = Evidence::resumed(candidates, &bytes, so_far).expect("of the same");
            }
            evidence.take(two);
            assert_eq!(evidence.charset().encoding, text.encoding());
        }
    }
}

#[test]
fn what_was_counted_of_others_is_of_no_use() {
    let mut evidence = in_the_far_east(b"Gr\xf6\xdfe\n").evidence();
    evidence.take(b"Gr\xf6\xdfe\n");
    let so_far = evidence.so_far().expect("between words");
    let polish = Candidates::collect(b"", Some("ISO-8859-2"), &[], RegionCode::Fe);
    assert!(Evidence::resumed(polish, b"", so_far).is_none());
}
