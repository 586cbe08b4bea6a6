//! What a million reports cost on AWS, and beside that what they cost with Amazon's Quick Start.

mod bill;
mod item_size;
mod measured;
mod our_bill;
mod prices;
mod quick_start;
mod report_line;
mod stack;
mod workflow;

use anyhow::{Context, Result};
use serde_json::json;

use crate::findings::Findings;
use crate::numbers::number;
use crate::surroundings::Surroundings;
use crate::table::Table;
use bill::{Bill, Line, gb_seconds};
use measured::Measured;
use prices::{DATE, Item, PRICES, REGION};
use workflow::State;

/// Measures, and reckons.
pub async fn run(surroundings: &Surroundings) -> Result<Findings> {
    let file = surroundings.path("statemachine/report-delivery.asl.json");
    let definition =
        std::fs::read_to_string(&file).with_context(|| format!("{} can't be read", file.display()))?;
    let path = workflow::happy_path(&serde_json::from_str(&definition)?)?;
    let measured = stack::measure(surroundings).await?;
    Ok(findings(&measured, &path))
}

fn findings(measured: &Measured, path: &[State]) -> Findings {
    let standard = measured.standard(path);
    let express = measured.express(&standard);
    let quick_start = quick_start::bill(|function| measured.mean_milliseconds(function));
    let bills = [&standard, &express, &quick_start];
    Findings {
        name: "cost",
        title: "Cost of a million reports",
        caption: caption(measured),
        tables: vec![lines(&bills), services(&bills), functions(measured)],
        figures: json!({
            "region": REGION,
            "priceDate": DATE,
            "prices": PRICES,
            "measured": measured,
            "dollarsPerMillionReports": bills.map(|bill| json!({"design": bill.name, "dollars": bill.total()})),
            "bills": bills,
        }),
        targets: Vec::new(),
    }
}

fn caption(measured: &Measured) -> String {
    format!(
        "A report that is ordered through the API, with a document of {:.1} MB, delivered without a hitch. Prices: \
         {REGION}, {DATE}, no free tier, no discounts. Each line: a million × so many for one report × the price. \
         Measured (m): {} deliveries one after the other on the local stack, whose AWS is an emulator on this \
         machine: its calls take other times than AWS's, and functions have a whole processor where Lambda gives \
         256 MB a seventh of one; what such a function computes (milliseconds here) is multiplied there, what it \
         waits for is not. So the GB-seconds are an indication; all counts are exact. Defined (d): follows from the \
         workflow, the tables, the Quick Start's template and code. Assumed (a): the Quick Start's functions run as \
         long as ours (each 100 ms more of each would cost it ${:.2} more), one reader who follows the link once, \
         messages that come one by one, the size of logs. Reports that are not ordered here cost less by API Gateway \
         and report-creator; what the express lane hands over costs the Standard workflow besides. Not in it: \
         storage, traffic out to readers, keys and secrets by the month ($3.40), empty polls of the queue, the \
         reconciler.",
        number(measured.document_bytes) / 1e6,
        measured.reports,
        quick_start::dollars_per_further_tenth(),
    )
}

/// Every line of every bill.
fn lines(bills: &[&Bill; 3]) -> Table {
    let mut table = Table::new(
        "What is paid for",
        [
            "",
            "$ a million",
            "each",
            "ours, Standard",
            "each",
            "ours, Express",
            "each",
            "Quick Start",
        ],
    );
    for price in PRICES {
        let cells = bills.iter().flat_map(|bill| {
            let line = bill.lines.iter().find(|line| line.item == price.item);
            match line {
                None => [String::new(), String::new()],
                Some(line) => [
                    format!("{} {}", quantity(line.per_report), mark(line.source)),
                    format!("${:.2}", bill.dollars(price.item)),
                ],
            }
        });
        let what = format!("{} {}", price.service, price.what);
        table.row([what, unit_price(&price)].into_iter().chain(cells));
    }
    let totals = bills
        .iter()
        .flat_map(|bill| [String::new(), format!("${:.2}", bill.total())]);
    table.row(["together".to_owned(), String::new()].into_iter().chain(totals));
    for bill in bills {
        for line in bill.lines.iter().filter(|line| is_new(bills, bill, line)) {
            let price = line.item.price();
            let mark = mark(line.source);
            table.note(format!(
                "{}, {} {} ({mark}): {}",
                bill.name, price.service, price.what, line.note
            ));
        }
    }
    table
}

/// Whether the line is in no bill before: most of Express's are Standard's.
fn is_new(bills: &[&Bill; 3], bill: &Bill, line: &Line) -> bool {
    let before = bills.iter().take_while(|other| other.name != bill.name);
    !before.flat_map(|other| &other.lines).any(|other| other == line)
}

/// Where the money goes.
fn services(bills: &[&Bill; 3]) -> Table {
    let mut table = Table::new(
        "Where it goes",
        ["", "ours, Standard", "ours, Express", "Quick Start"],
    );
    let mut services: Vec<&str> = bills
        .iter()
        .flat_map(|bill| bill.by_service())
        .map(|(service, _)| service)
        .collect();
    let mut seen = Vec::new();
    services.retain(|service| {
        let is_new = !seen.contains(service);
        seen.push(*service);
        is_new
    });
    for service in services {
        let shares = bills.iter().map(|bill| {
            let dollars = bill.by_service().into_iter().find(|(name, _)| *name == service);
            dollars.map_or_else(String::new, |(_, dollars)| {
                format!("${dollars:.2}  {:4.1} %", dollars / bill.total() * 100.0)
            })
        });
        table.row(std::iter::once(service.to_owned()).chain(shares));
    }
    let [_, _, quick_start] = bills;
    let totals = bills.iter().map(|bill| {
        format!(
            "${:.2} {:5.2} ×",
            bill.total(),
            bill.total() / quick_start.total()
        )
    });
    table.row(std::iter::once("together, and beside the Quick Start".to_owned()).chain(totals));
    table
}

/// Where ours spend their time.
fn functions(measured: &Measured) -> Table {
    let mut table = Table::new(
        "Our functions, as the local stack bills them",
        ["", "MB", "events a report", "mean ms", "$ a million reports"],
    );
    for (name, function) in &measured.functions {
        let each = number(function.invocations) / number(measured.reports.max(1));
        let time = gb_seconds(function.mean_milliseconds(), function.memory_mb) * each;
        let dollars = time * Item::LambdaGbSecond.price().dollars_per_million
            + each * Item::LambdaRequest.price().dollars_per_million;
        table.row([
            name.clone(),
            format!("{:.0}", function.memory_mb),
            format!("{each:.2}"),
            format!("{:.1}", function.mean_milliseconds()),
            format!("${dollars:.2}"),
        ]);
    }
    table.row([
        "a delivery, from its start to its end".to_owned(),
        String::new(),
        String::new(),
        format!("{:.0}", measured.delivery_seconds * 1e3),
    ]);
    table
}

fn unit_price(price: &prices::Price) -> String {
    if price.item == Item::LogGb {
        return format!("${:.2} each", price.dollars_per_million / 1e6);
    }
    format!("${:.2}", price.dollars_per_million)
}

fn quantity(value: f64) -> String {
    if value >= 1.0 {
        format!("{value:.1}")
    } else if value >= 0.001 {
        format!("{value:.3}")
    } else {
        format!("{value:.1e}")
    }
}

fn mark(source: bill::Source) -> &'static str {
    match source {
        bill::Source::Measured => "m",
        bill::Source::Defined => "d",
        bill::Source::Assumed => "a",
    }
}
