//! The rows of the reports table.

use std::collections::HashMap;

use anyhow::{Context, Result};
use aws_sdk_dynamodb::types::AttributeValue;

use crate::scene::Scene;

/// What a row says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Row {
    /// Whose.
    pub seller: String,
    /// A report's id, or a request id.
    pub id: String,
    /// How far it is.
    pub status: String,
    /// The same as a number.
    pub progress: u64,
    /// The error that ended it.
    pub error: Option<String>,
    /// Where the document is.
    pub object_key: Option<String>,
    /// Its length.
    pub bytes: Option<u64>,
    /// Its checksum.
    pub crc64nvme: Option<String>,
    /// The report that an order became.
    pub placed_as: Option<String>,
}

impl Row {
    /// Whether it is an order's, not a report's.
    pub fn is_order(&self) -> bool {
        self.id.starts_with("order-")
    }

    /// Whether it waits for what is somebody else's to mend.
    pub fn is_waiting(&self) -> bool {
        self.status == "WAITING_FOR_OWNER"
    }

    /// Whether nothing more will happen to it by itself.
    pub fn is_final(&self) -> bool {
        matches!(
            self.status.as_str(),
            "ANNOUNCED" | "CANCELLED" | "FATAL" | "DROPPED" | "FAILED" | "PLACED"
        )
    }

    fn read(row: &HashMap<String, AttributeValue>) -> Self {
        let text = |name: &str| row.get(name)?.as_s().ok().cloned();
        let number = |name: &str| row.get(name)?.as_n().ok()?.parse().ok();
        Self {
            seller: text("sellerId").unwrap_or_default(),
            id: text("reportId").unwrap_or_default(),
            status: text("status").unwrap_or_default(),
            progress: number("progress").unwrap_or(0),
            error: text("error"),
            object_key: text("objectKey"),
            bytes: number("bytes"),
            crc64nvme: text("crc64nvme"),
            placed_as: text("placedAs"),
        }
    }
}

/// The rows of those sellers.
pub async fn rows(scene: &Scene, sellers: &[&str]) -> Result<Vec<Row>> {
    let (dynamodb, table) = (scene.stack.dynamodb(), scene.stack.output("REPORTS_TABLE")?);
    let mut rows = Vec::new();
    for seller in sellers {
        let mut pages = dynamodb
            .query()
            .table_name(&table)
            .key_condition_expression("sellerId = :seller")
            .expression_attribute_values(":seller", AttributeValue::S((*seller).to_owned()))
            .consistent_read(true)
            .into_paginator()
            .send();
        while let Some(page) = pages.next().await {
            let page = page.context("the ledger can't be read")?;
            rows.extend(page.items().iter().map(Row::read));
        }
    }
    Ok(rows)
}
