//! Many answers at once, counted by what they say.

use std::collections::BTreeMap;

use crate::browser::Answer;

/// How many answers said what: by status, and a problem's code after it (`409 username_taken`).
pub fn tally<'a>(answers: impl IntoIterator<Item = &'a Answer>) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    for answer in answers {
        let said = format!("{} {}", answer.status.as_u16(), answer.code());
        *counts.entry(said.trim().to_owned()).or_default() += 1;
    }
    counts
}
