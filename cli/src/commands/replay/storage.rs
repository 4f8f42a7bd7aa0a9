//! Reads the table of orders.

use aws_sdk_dynamodb::{Client, error::SdkError, operation::scan::ScanError};

use super::record::Record;

/// Hands every order and rejection of the table to `see`, by consistent reads. Returns the number of items.
///
/// # Errors
/// A page could not be read. What was seen until then is not the whole table and says nothing.
pub async fn scan(
    client: &Client,
    table: &str,
    mut see: impl FnMut(&Record),
) -> Result<usize, Box<SdkError<ScanError>>> {
    let pages = client
        .scan()
        .table_name(table)
        .consistent_read(true)
        .into_paginator();
    let mut pages = pages.send();
    let mut items = 0;
    while let Some(page) = pages.next().await {
        for item in page?.items.unwrap_or_default() {
            items += 1;
            if let Some(record) = Record::of(item) {
                see(&record);
            }
        }
    }
    Ok(items)
}
