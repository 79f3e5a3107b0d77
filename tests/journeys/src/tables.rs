//! The tables, as somebody sees them who looks past the service.

use std::collections::HashMap;

use aws_sdk_dynamodb::{Client, types::AttributeValue};

use crate::world::World;

/// An item.
pub type Item = HashMap<String, AttributeValue>;

impl World {
    /// A client of the tables, none of the service's.
    pub fn dynamodb(&self) -> Client {
        Client::new(&self.local.sdk_config())
    }

    /// Every item of a table.
    ///
    /// # Panics
    /// If the table cannot be read.
    #[expect(clippy::expect_used, reason = "only tests look into tables")]
    pub async fn items(&self, table: &str) -> Vec<Item> {
        let pages = self.dynamodb().scan().table_name(table).into_paginator().items().send();
        pages.collect::<Result<_, _>>().await.expect("a table")
    }

    /// How many items of the accounts' table have a key that begins so.
    pub async fn accounts_with(&self, prefix: &str) -> usize {
        let key =
            |item: &Item| item.get("pk").and_then(|key| key.as_s().ok()).is_some_and(|key| key.starts_with(prefix));
        self.items("Accounts").await.iter().filter(|item| key(item)).count()
    }

    /// What the counters whose key begins with `prefix` have counted together.
    pub async fn counted(&self, prefix: &str) -> i64 {
        let fits =
            |item: &Item| item.get("id").and_then(|key| key.as_s().ok()).is_some_and(|key| key.starts_with(prefix));
        let used = |item: &Item| item.get("used")?.as_n().ok()?.parse::<i64>().ok();
        self.items("Limits").await.iter().filter(|item| fits(item)).filter_map(used).sum()
    }
}
