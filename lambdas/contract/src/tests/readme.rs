use std::collections::BTreeSet;

use super::described::{Names, operations};
use super::file;
use crate::operations::all;
use crate::schemas::Schemas;

/// The cells of the rows of the reference's table with that first cell in its head.
fn table(head: &str) -> Vec<Vec<String>> {
    let readme = file("lambdas/contract/README.md");
    let (_, table) = readme
        .split_once(&format!("\n| {head} |"))
        .unwrap_or_else(|| panic!("there is no table with the head {head}"));
    // The rest of the head, and the line below it.
    let rows = table.lines().skip(2).take_while(|line| line.starts_with('|'));
    rows.map(|row| {
        let cells = row.trim_matches('|').split('|');
        cells.map(|cell| cell.trim().to_owned()).collect()
    })
    .collect()
}

/// What stands in backticks.
fn quoted(cell: &str) -> impl Iterator<Item = &str> {
    cell.split('`').skip(1).step_by(2)
}

#[test]
fn the_reference_has_all_operations_with_their_fields() {
    let mut listed = BTreeSet::new();
    for row in table("request") {
        let request = quoted(&row[0]).next().expect("a request").to_owned();
        let (method, path) = request.split_once(' ').expect("method and path");
        let operation = operations()
            .into_iter()
            .find(|it| it.method == method && it.path == path);
        let operation = operation.unwrap_or_else(|| panic!("{request} is no operation"));
        let (mut fields, mut query) = (Names::new(), BTreeSet::new());
        for name in quoted(&row[1]) {
            if let Some(list) = name.strip_prefix('?') {
                query.extend(list.split('&').map(|it| it.trim_end_matches('=').to_owned()));
            } else {
                fields.insert(name.trim_end_matches('?').to_owned(), !name.ends_with('?'));
            }
        }
        let expected: Names = operation.fields.into_iter().chain(operation.headers).collect();
        assert_eq!(fields, expected, "{request}");
        assert_eq!(query, operation.query.into_keys().collect(), "{request}");
        listed.insert((operation.method, operation.path));
    }
    let signed = operations().into_iter().filter(|it| !it.is_open);
    let signed: BTreeSet<_> = signed.map(|it| (it.method, it.path)).collect();
    assert_eq!(listed, signed);
}

#[test]
fn the_table_of_refusals_has_all_of_them() {
    let mut listed = BTreeSet::new();
    for row in table("status") {
        let mut statuses: Vec<_> = row[0]
            .split([' ', ','])
            .filter(|it| it.parse::<u16>().is_ok())
            .collect();
        statuses.extend(row[0].contains("others").then_some("4XX"));
        for code in quoted(&row[1]) {
            listed.extend(
                statuses
                    .iter()
                    .map(|status| ((*status).to_owned(), code.to_owned())),
            );
        }
    }
    let mut made = BTreeSet::new();
    for operation in all(&mut Schemas::default()) {
        let refusals = operation
            .refusals
            .iter()
            .filter(|(_, code, _)| !code.contains(' '));
        made.extend(refusals.map(|(status, code, _)| ((*status).to_owned(), (*code).to_owned())));
    }
    assert_eq!(listed, made);
}
