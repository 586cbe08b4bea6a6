//! Tables that look like Amazon's, in the text formats that Amazon writes them in.

use crate::random::Numbers;

/// The text formats.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TextFormat {
    Tsv,
    Csv,
    Json,
    Xml,
}

type Column = (&'static str, fn(&mut Numbers) -> String);

const ORDERS: &[Column] = &[
    ("amazon-order-id", order_id),
    ("purchase-date", time),
    ("order-status", |numbers| {
        pick(numbers, &["Shipped", "Pending", "Unshipped", "Cancelled"])
    }),
    ("sku", sku),
    ("asin", asin),
    ("quantity", |numbers| (1 + numbers.below(9)).to_string()),
    ("item-price", price),
    ("product-name", title),
];

const LISTINGS: &[Column] = &[
    ("listing-id", |numbers| {
        format!("{:04}Z{:06}", numbers.below(10_000), numbers.below(1_000_000))
    }),
    ("seller-sku", sku),
    ("asin1", asin),
    ("price", price),
    ("quantity", |numbers| numbers.below(500).to_string()),
    ("open-date", time),
    ("item-name", title),
];

const SETTLEMENT: &[Column] = &[
    ("settlement-id", |numbers| {
        format!("{:011}", numbers.below(100_000_000_000))
    }),
    ("posted-date", time),
    ("transaction-type", |numbers| {
        pick(numbers, &["Order", "Refund", "ServiceFee"])
    }),
    ("order-id", order_id),
    ("sku", sku),
    ("amount", price),
    ("amount-description", title),
];

/// The columns that a report type of that name plausibly has.
fn columns(report_type: &str) -> &'static [Column] {
    let names = |words: &[&str]| words.iter().any(|word| report_type.contains(word));
    if names(&["SETTLEMENT", "FINANC", "FEE", "TAX", "REIMBURSEMENT"]) {
        SETTLEMENT
    } else if names(&["LISTING", "INVENTORY", "CATALOG", "BROWSE", "STOCK"]) {
        LISTINGS
    } else {
        ORDERS
    }
}

fn pick(numbers: &mut Numbers, choices: &[&str]) -> String {
    let index = numbers.below(choices.len() as u64);
    choices[usize::try_from(index).expect("an index fits")].to_owned()
}

fn order_id(numbers: &mut Numbers) -> String {
    let (first, second) = (numbers.below(1000), numbers.below(10_000_000));
    format!("{first:03}-{second:07}-{:07}", numbers.below(10_000_000))
}

fn time(numbers: &mut Numbers) -> String {
    let (month, day, hour) = (1 + numbers.below(12), 1 + numbers.below(28), numbers.below(24));
    format!(
        "2026-{month:02}-{day:02}T{hour:02}:{:02}:00+00:00",
        numbers.below(60)
    )
}

fn sku(numbers: &mut Numbers) -> String {
    format!("SKU-{:05X}", numbers.below(1 << 20))
}

fn asin(numbers: &mut Numbers) -> String {
    format!("B0{:08}", numbers.below(100_000_000))
}

fn price(numbers: &mut Numbers) -> String {
    format!("{}.{:02}", 1 + numbers.below(300), numbers.below(100))
}

fn title(numbers: &mut Numbers) -> String {
    let thing = pick(
        numbers,
        &[
            "Tea kettle",
            "Desk lamp",
            "Garden hose",
            "Rain jacket",
            "Chess set",
        ],
    );
    format!(
        "{thing}, {}",
        pick(numbers, &["green", "blue", "large", "small", "set of two"])
    )
}

/// Writes one table.
pub(crate) struct Table<'a> {
    pub(crate) format: TextFormat,
    pub(crate) report_type: &'a str,
    /// The charset's name, for XML's first line.
    pub(crate) charset: &'a str,
    /// A word with letters that the charset has and ASCII lacks; it ends each item's name.
    pub(crate) word: &'a str,
}

/// A row in three parts: what stands before its first value, that value, and what follows.
pub(crate) struct Row {
    pub(crate) before: String,
    pub(crate) first: String,
    pub(crate) rest: String,
}

impl Row {
    pub(crate) fn text(&self) -> String {
        [self.before.as_str(), &self.first, &self.rest].concat()
    }
}

impl Table<'_> {
    /// Everything before the first row.
    pub(crate) fn opening(&self) -> String {
        let names = columns(self.report_type)
            .iter()
            .map(|(name, _)| *name)
            .collect::<Vec<_>>();
        match self.format {
            TextFormat::Tsv => names.join("\t") + "\n",
            TextFormat::Csv => names.join(",") + "\n",
            TextFormat::Json => format!(
                "{{\"reportSpecification\":{{\"reportType\":\"{}\"}},\"records\":[\n",
                self.report_type
            ),
            TextFormat::Xml => format!(
                "<?xml version=\"1.0\" encoding=\"{}\"?>\n<Report type=\"{}\">\n",
                self.charset, self.report_type
            ),
        }
    }

    /// Everything after the last row.
    pub(crate) fn closing(&self) -> &'static str {
        match self.format {
            TextFormat::Tsv | TextFormat::Csv => "",
            TextFormat::Json => "]}\n",
            TextFormat::Xml => "</Report>\n",
        }
    }

    /// One row; `padding` is appended to its last value.
    pub(crate) fn row(&self, numbers: &mut Numbers, padding: &str, is_last: bool) -> Row {
        let columns = columns(self.report_type);
        let mut values = columns
            .iter()
            .map(|(name, value)| (*name, value(numbers)))
            .collect::<Vec<_>>();
        if let Some((_, last)) = values.last_mut() {
            *last = format!("{last} {}{padding}", self.word);
        }
        let (name, first) = values.remove(0);
        let each = |write: &dyn Fn(&str, &str) -> String| {
            values
                .iter()
                .map(|(name, value)| write(name, value))
                .collect::<String>()
        };
        let (before, rest) = match self.format {
            TextFormat::Tsv => (String::new(), each(&|_, value| format!("\t{value}")) + "\n"),
            TextFormat::Csv => (
                "\"".to_owned(),
                format!("\"{}\n", each(&|_, value| format!(",\"{value}\""))),
            ),
            TextFormat::Json => {
                let fields = each(&|name, value| format!(",\"{name}\":\"{value}\""));
                (
                    format!("{{\"{name}\":\""),
                    format!("\"{fields}}}{}\n", if is_last { "" } else { "," }),
                )
            }
            TextFormat::Xml => {
                let fields = each(&|name, value| format!("<{name}>{value}</{name}>"));
                (format!("<Row><{name}>"), format!("</{name}>{fields}</Row>\n"))
            }
        };
        Row { before, first, rest }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_json_table_is_json() {
        let table = Table {
            format: TextFormat::Json,
            report_type: "GET_X",
            charset: "UTF-8",
            word: "é",
        };
        let mut numbers = Numbers::seeded(1);
        let rows = [
            table.row(&mut numbers, "", false),
            table.row(&mut numbers, "xx", true),
        ];
        let text = table.opening() + &rows[0].text() + &rows[1].text() + table.closing();
        let value: serde_json::Value = serde_json::from_str(&text).expect("valid JSON");
        assert_eq!(value["records"].as_array().map(Vec::len), Some(2));
        assert_eq!(value["reportSpecification"]["reportType"], "GET_X");
    }

    #[test]
    fn every_row_of_a_flat_file_has_every_column() {
        for report_type in [
            "GET_MERCHANT_LISTINGS_ALL_DATA",
            "GET_ORDERS",
            "GET_V2_SETTLEMENT_REPORT",
        ] {
            let table = Table {
                format: TextFormat::Tsv,
                report_type,
                charset: "UTF-8",
                word: "é",
            };
            let row = table.row(&mut Numbers::seeded(1), "", false).text();
            assert_eq!(row.matches('\t').count(), table.opening().matches('\t').count());
        }
    }
}
