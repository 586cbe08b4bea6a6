/// The first block of a document in UTF-8; if it is XML that declares another encoding, it declares
/// UTF-8 from now on.
pub(super) fn declared_as_utf8(block: Vec<u8>) -> Vec<u8> {
    match declared_encoding(&block) {
        Some((start, end)) => [&block[..start], b"UTF-8", &block[end..]].concat(),
        None => block,
    }
}

/// Where the name of the encoding stands in an XML declaration.
fn declared_encoding(block: &[u8]) -> Option<(usize, usize)> {
    if !block.starts_with(b"<?xml") {
        return None;
    }
    let declaration = &block[..find(block, b"?>")?];
    let after = find(declaration, b"encoding")? + b"encoding".len();
    let mut rest = declaration[after..].iter().enumerate();
    let (quote_at, quote) = rest.find(|(_, byte)| matches!(byte, b'"' | b'\''))?;
    let start = after + quote_at + 1;
    let length = declaration[start..].iter().position(|byte| byte == quote)?;
    Some((start, start + length))
}

fn find(text: &[u8], what: &[u8]) -> Option<usize> {
    text.windows(what.len()).position(|window| window == what)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn declared(text: &str) -> String {
        String::from_utf8(declared_as_utf8(text.as_bytes().to_vec())).expect("a text")
    }

    #[test]
    fn an_xml_declaration_says_what_the_document_is_in_now() {
        assert_eq!(
            declared("<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?><a>é</a>"),
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?><a>é</a>"
        );
        assert_eq!(
            declared("<?xml version='1.0' encoding = 'Shift_JIS' standalone='yes' ?>\n"),
            "<?xml version='1.0' encoding = 'UTF-8' standalone='yes' ?>\n"
        );
    }

    #[test]
    fn what_declares_nothing_stays() {
        for text in [
            "",
            "sku\tname encoding=\"ISO-8859-1\"?>",
            "<?xml version=\"1.0\"?><a encoding=\"x\"/>",
            "<?xml version=\"1.0\" encoding=\"unterminated?>",
            "<?xml",
        ] {
            assert_eq!(declared(text), text);
        }
    }
}
