//! Things kept in memory under a name, for a time and up to a number: what a visitor can make more of has a bound.

use std::collections::BTreeMap;

use jiff::Timestamp;

/// The most things kept. Beyond it, what would have expired first goes.
const MOST: usize = 1000;

/// Things by name, each until its time.
pub(super) struct Shelf<T>(BTreeMap<String, (Timestamp, T)>);

impl<T> Default for Shelf<T> {
    fn default() -> Self {
        Self(BTreeMap::new())
    }
}

impl<T> Shelf<T> {
    /// Keeps a thing until `expires_at`.
    pub(super) fn put(&mut self, name: &str, thing: T, expires_at: Timestamp, now: Timestamp) {
        self.0.retain(|_, (expires_at, _)| *expires_at > now);
        if self.0.len() >= MOST {
            let first = self.0.iter().min_by_key(|(_, (expires_at, _))| *expires_at).map(|(name, _)| name.clone());
            first.and_then(|name| self.0.remove(&name));
        }
        self.0.insert(name.to_owned(), (expires_at, thing));
    }

    /// The thing of this name.
    pub(super) fn find(&self, name: &str, now: Timestamp) -> Option<&T> {
        self.0.get(name).filter(|(expires_at, _)| *expires_at > now).map(|(_, thing)| thing)
    }

    /// The same, to be changed.
    pub(super) fn find_mut(&mut self, name: &str, now: Timestamp) -> Option<&mut T> {
        self.0.get_mut(name).filter(|(expires_at, _)| *expires_at > now).map(|(_, thing)| thing)
    }

    /// Takes the thing of this name away.
    pub(super) fn take(&mut self, name: &str, now: Timestamp) -> Option<T> {
        self.0.remove(name).filter(|(expires_at, _)| *expires_at > now).map(|(_, thing)| thing)
    }

    /// Takes away everything that is so, and says under which names.
    pub(super) fn take_all(&mut self, mut is_so: impl FnMut(&T) -> bool) -> Vec<String> {
        let taken: Vec<_> =
            self.0.iter().filter(|(_, (_, thing))| is_so(thing)).map(|(name, _)| name.clone()).collect();
        taken.iter().for_each(|name| drop(self.0.remove(name)));
        taken
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    #[test]
    fn a_thing_is_there_until_its_time() {
        let mut shelf = Shelf::default();
        shelf.put("a", 1, at(10), at(0));
        assert_eq!((shelf.find("a", at(9)), shelf.find("a", at(10)), shelf.find("b", at(0))), (Some(&1), None, None));
        assert_eq!((shelf.take("a", at(9)), shelf.take("a", at(9))), (Some(1), None));
        shelf.put("a", 1, at(10), at(0));
        assert_eq!((shelf.take("a", at(10)), shelf.take("a", at(0))), (None, None));
    }

    #[test]
    fn a_full_shelf_loses_what_would_have_gone_first() {
        let mut shelf = Shelf::default();
        let most = i64::try_from(MOST).unwrap();
        (0..=most).for_each(|number| shelf.put(&number.to_string(), number, at(100 + number), at(0)));
        assert_eq!((shelf.0.len(), shelf.find("0", at(0)), shelf.find("1", at(0))), (MOST, None, Some(&1)));
    }
}
