//! The text of a report: listings in Windows-1252, as Amazon sends them from Europe.

use encoding_rs::WINDOWS_1252;
use fastrand::Rng;

/// What the source says about it.
pub const CONTENT_TYPE: &str = "text/plain; charset=windows-1252";

/// The repeated part is a little longer: it ends with a row.
const BLOCK: usize = 1 << 20;

const HEADER: &str = "item-name\titem-description\tlisting-id\tseller-sku\tprice\tquantity\topen-date\t\
    image-url\titem-is-marketplace\tproduct-id-type\titem-note\titem-condition\tasin1\t\
    will-ship-internationally\texpedited-shipping\tproduct-id\tpending-quantity\tfulfillment-channel\t\
    merchant-shipping-group\tstatus\r\n";

const NAMES: [&str; 40] = [
    "Bürostuhl",
    "Gartenschlauch",
    "Küchenmesser",
    "Teekanne",
    "Glühbirne",
    "Wärmflasche",
    "Schlüsselbrett",
    "Fußmatte",
    "Crème brûlée",
    "Étagère",
    "Théière",
    "Lámpara",
    "Teléfono",
    "Cafetière",
    "Rucksack",
    "Kopfkissen",
    "Handtücher",
    "Bettwäsche",
    "Nähgarn",
    "Pinsel",
    "Notizbuch",
    "Kugelschreiber",
    "Drucker",
    "Tastatur",
    "Bildschirm",
    "Kabel",
    "Lautsprecher",
    "Kopfhörer",
    "Fahrradhelm",
    "Sattel",
    "Luftpumpe",
    "Trinkflasche",
    "Zelt",
    "Schlafsack",
    "Stirnlampe",
    "Grillzange",
    "Blumentopf",
    "Gießkanne",
    "Säge",
    "Hammer",
];

const QUALITIES: [&str; 24] = [
    "schwarz",
    "weiß",
    "grün",
    "rot",
    "natur",
    "groß",
    "klein",
    "faltbar",
    "wasserdicht",
    "für Kinder",
    "für Zuhause",
    "2er-Set",
    "6 Stück",
    "100 cm",
    "XL",
    "aus Edelstahl",
    "aus Bambus",
    "mit Gehäuse",
    "rutschfest",
    "à la carte",
    "Größe M",
    "spülmaschinenfest",
    "ab 9,99 €",
    "Premium-Qualität",
];

/// The header line and rows that are repeated after it.
pub struct Text {
    /// In Windows-1252.
    pub header: Vec<u8>,
    /// In Windows-1252.
    pub block: Vec<u8>,
}

impl Text {
    /// Always the same.
    pub fn new() -> Self {
        let mut rng = Rng::with_seed(4);
        let mut rows = String::with_capacity(BLOCK + 1024);
        while rows.chars().count() < BLOCK {
            for _ in 0..100 {
                rows.push_str(&row(&mut rng));
            }
        }
        Self {
            header: encoded(HEADER),
            block: encoded(&rows),
        }
    }
}

/// The same text in UTF-8.
pub fn utf8(windows_1252: &[u8]) -> Vec<u8> {
    let (text, _) = WINDOWS_1252.decode_without_bom_handling(windows_1252);
    text.into_owned().into_bytes()
}

fn encoded(text: &str) -> Vec<u8> {
    WINDOWS_1252.encode(text).0.into_owned()
}

fn row(rng: &mut Rng) -> String {
    let asin = format!("B0{}", code(rng, 8));
    let name = format!(
        "{} {} – {}, {}",
        pick(rng, &NAMES),
        code(rng, 2),
        pick(rng, &QUALITIES),
        pick(rng, &QUALITIES)
    );
    let description = format!(
        "{name} · {} · {} · Versand in 24 Stunden, 30 Tage Rückgaberecht",
        pick(rng, &QUALITIES),
        pick(rng, &NAMES)
    );
    format!(
        "{name}\t{description}\t{:04}{}\t{}-{}\t{}.{:02}\t{}\t{:02}/{:02}/20{} {:02}:{:02}:{:02} CET\t\ty\t1\t\t11\t{asin}\t\t\t{asin}\t0\t{}\tMigrierte Vorlage\t{}\r\n",
        rng.u32(0..10_000),
        code(rng, 7),
        code(rng, 2),
        code(rng, 6),
        rng.u32(1..500),
        rng.u32(0..100),
        rng.u32(0..250),
        rng.u32(1..29),
        rng.u32(1..13),
        rng.u32(18..27),
        rng.u32(0..24),
        rng.u32(0..60),
        rng.u32(0..60),
        if rng.bool() { "AMAZON_EU" } else { "DEFAULT" },
        if rng.u32(0..8) == 0 { "Inactive" } else { "Active" },
    )
}

fn pick<'a>(rng: &mut Rng, words: &[&'a str]) -> &'a str {
    words[rng.usize(0..words.len())]
}

fn code(rng: &mut Rng, length: usize) -> String {
    (0..length)
        .map(|_| char::from(b"0123456789ABCDEFGHJKLMNPQRSTUVWX"[rng.usize(0..32)]))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_is_the_same_each_time_and_not_ascii() {
        let text = Text::new();
        assert_eq!(text.block, Text::new().block);
        assert!(text.block.len() >= BLOCK && text.block.len() < BLOCK + (64 << 10));
        assert!(text.block.ends_with(b"\r\n"));
        let columns = |line: &[u8]| line.split(|byte| *byte == b'\t').count();
        let first = text.block.split(|byte| *byte == b'\n').next().unwrap_or_default();
        assert_eq!(columns(&text.header), columns(first));
        let utf8 = utf8(&text.block);
        assert!(utf8.len() > text.block.len() + text.block.len() / 100);
        assert!(!String::from_utf8_lossy(&utf8).contains('\u{fffd}'));
    }
}
