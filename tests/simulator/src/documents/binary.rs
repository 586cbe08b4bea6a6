//! The smallest workbook and the smallest PDF that programs open.

use std::fmt::Write as _;

use flate2::Crc;

/// A workbook with one sheet and one cell.
pub(crate) fn xlsx(text: &str) -> Vec<u8> {
    const XML: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n";
    const PACKAGE: &str = "http://schemas.openxmlformats.org/package/2006";
    const SHEET: &str = "http://schemas.openxmlformats.org/spreadsheetml/2006/main";
    const OFFICE: &str = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
    const KIND: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml";
    let files = [
        (
            "[Content_Types].xml",
            format!(
                "{XML}<Types xmlns=\"{PACKAGE}/content-types\"><Default Extension=\"rels\" \
                 ContentType=\"application/vnd.openxmlformats-package.relationships+xml\"/>\
                 <Override PartName=\"/xl/workbook.xml\" ContentType=\"{KIND}.sheet.main+xml\"/>\
                 <Override PartName=\"/xl/worksheets/sheet1.xml\" ContentType=\"{KIND}.worksheet+xml\"/></Types>"
            ),
        ),
        (
            "_rels/.rels",
            format!(
                "{XML}<Relationships xmlns=\"{PACKAGE}/relationships\"><Relationship Id=\"rId1\" \
                 Type=\"{OFFICE}/officeDocument\" Target=\"xl/workbook.xml\"/></Relationships>"
            ),
        ),
        (
            "xl/workbook.xml",
            format!(
                "{XML}<workbook xmlns=\"{SHEET}\" xmlns:r=\"{OFFICE}\"><sheets>\
                 <sheet name=\"Report\" sheetId=\"1\" r:id=\"rId1\"/></sheets></workbook>"
            ),
        ),
        (
            "xl/_rels/workbook.xml.rels",
            format!(
                "{XML}<Relationships xmlns=\"{PACKAGE}/relationships\"><Relationship Id=\"rId1\" \
                 Type=\"{OFFICE}/worksheet\" Target=\"worksheets/sheet1.xml\"/></Relationships>"
            ),
        ),
        (
            "xl/worksheets/sheet1.xml",
            format!(
                "{XML}<worksheet xmlns=\"{SHEET}\"><sheetData><row r=\"1\"><c r=\"A1\" t=\"inlineStr\">\
                 <is><t>{text}</t></is></c></row></sheetData></worksheet>"
            ),
        ),
    ];
    zip(&files)
}

/// A zip archive of uncompressed files, dated 1980-01-01.
fn zip(files: &[(&str, String)]) -> Vec<u8> {
    const DATE: [u8; 4] = [0, 0, 0x21, 0];
    let short = |number: usize| u16::try_from(number).expect("a small archive").to_le_bytes();
    let long = |number: usize| u32::try_from(number).expect("a small archive").to_le_bytes();
    let mut archive = Vec::new();
    let mut directory = Vec::new();
    for (name, text) in files {
        let mut checksum = Crc::new();
        checksum.update(text.as_bytes());
        // Version needed 1.0, no flags, stored.
        let mut common = vec![10, 0, 0, 0, 0, 0];
        common.extend_from_slice(&DATE);
        common.extend_from_slice(&checksum.sum().to_le_bytes());
        common.extend_from_slice(&long(text.len()));
        common.extend_from_slice(&long(text.len()));
        common.extend_from_slice(&short(name.len()));
        common.extend_from_slice(&[0, 0]);
        let offset = archive.len();
        directory.extend_from_slice(b"PK\x01\x02\x0a\0");
        directory.extend_from_slice(&common);
        directory.extend_from_slice(&[0; 10]);
        directory.extend_from_slice(&long(offset));
        directory.extend_from_slice(name.as_bytes());
        archive.extend_from_slice(b"PK\x03\x04");
        archive.extend_from_slice(&common);
        archive.extend_from_slice(name.as_bytes());
        archive.extend_from_slice(text.as_bytes());
    }
    let offset = archive.len();
    archive.extend_from_slice(&directory);
    archive.extend_from_slice(b"PK\x05\x06\0\0\0\0");
    archive.extend_from_slice(&short(files.len()));
    archive.extend_from_slice(&short(files.len()));
    archive.extend_from_slice(&long(directory.len()));
    archive.extend_from_slice(&long(offset));
    archive.extend_from_slice(&[0, 0]);
    archive
}

/// A page with one line of text.
pub(crate) fn pdf(text: &str) -> Vec<u8> {
    let content = format!("BT /F1 12 Tf 36 700 Td ({text}) Tj ET");
    let objects = [
        "<< /Type /Catalog /Pages 2 0 R >>".to_owned(),
        "<< /Type /Pages /Kids [3 0 R] /Count 1 >>".to_owned(),
        "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents 4 0 R \
         /Resources << /Font << /F1 5 0 R >> >> >>"
            .to_owned(),
        format!("<< /Length {} >>\nstream\n{content}\nendstream", content.len()),
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>".to_owned(),
    ];
    let mut document = "%PDF-1.4\n".to_owned();
    let mut table = format!("xref\n0 {}\n0000000000 65535 f \n", objects.len() + 1);
    for (index, object) in objects.iter().enumerate() {
        writeln!(table, "{:010} 00000 n ", document.len()).expect("writing to a String can't fail");
        write!(document, "{} 0 obj\n{object}\nendobj\n", index + 1).expect("writing to a String can't fail");
    }
    let trailer = format!(
        "trailer\n<< /Size {} /Root 1 0 R >>\nstartxref\n{}\n%%EOF\n",
        objects.len() + 1,
        document.len()
    );
    (document + &table + &trailer).into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pdf_points_at_its_own_objects() {
        let document = String::from_utf8(pdf("GET_X")).expect("all of it is text");
        let table = document
            .split("startxref\n")
            .nth(1)
            .and_then(|rest| rest.lines().next());
        let table = table.and_then(|offset| offset.parse().ok()).expect("an offset");
        assert!(document[table..].starts_with("xref\n0 6\n"));
        let first = document[table..].lines().nth(3).and_then(|line| line.get(..10));
        let first: usize = first.and_then(|offset| offset.parse().ok()).expect("an offset");
        assert!(document[first..].starts_with("1 0 obj"));
    }

    #[test]
    fn a_workbook_is_a_zip_archive_of_its_parts() {
        let archive = xlsx("GET_X");
        assert!(archive.starts_with(b"PK\x03\x04"));
        let end = archive.len() - 22;
        assert!(archive[end..].starts_with(b"PK\x05\x06"));
        let offset = u32::from_le_bytes(archive[end + 16..end + 20].try_into().expect("four bytes"));
        let offset = usize::try_from(offset).expect("small");
        assert!(archive[offset..].starts_with(b"PK\x01\x02"));
    }
}
