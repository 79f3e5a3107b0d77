//! Queues in memory: what waits, what is being delivered, what is dead.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tokio::sync::watch;

use crate::template::{Queue, Redrive};

/// Every queue of the template. Clones share them.
#[derive(Clone, Debug)]
pub struct Queues(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    queues: Mutex<BTreeMap<String, Contents>>,
    /// Counts the changes, for those who wait for one.
    changed: watch::Sender<u64>,
}

#[derive(Debug, Default)]
struct Contents {
    waiting: VecDeque<Message>,
    /// Taken and not yet settled, or on their way back.
    in_flight: usize,
    redrive: Option<Redrive>,
}

/// A message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// What SQS called it.
    pub id: String,
    /// What it says.
    pub body: String,
    /// How often it was delivered.
    pub receive_count: u32,
}

/// What became of a message that was delivered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// It is done.
    Done,
    /// It comes again, or is dead.
    Failed,
}

impl Queues {
    pub(crate) fn new(queues: &[Queue]) -> Self {
        let contents = |queue: &Queue| Contents { redrive: queue.redrive.clone(), ..Contents::default() };
        let queues = queues.iter().map(|queue| (queue.name.clone(), contents(queue))).collect();
        Self(Arc::new(Shared { queues: Mutex::new(queues), changed: watch::Sender::new(0) }))
    }

    /// What waits in a queue, oldest first; for a queue of dead letters, those.
    pub fn messages(&self, queue: &str) -> Vec<Message> {
        self.contents().get(queue).map(|contents| contents.waiting.iter().cloned().collect()).unwrap_or_default()
    }

    /// Waits until a queue has nothing left to deliver: every message is done, or dead.
    pub async fn settled(&self, queue: &str) {
        let mut changes = self.0.changed.subscribe();
        while self.contents().get(queue).is_some_and(|contents| contents.in_flight > 0 || !contents.waiting.is_empty())
        {
            // The sender is in `self`.
            let _ = changes.changed().await;
        }
    }

    /// Adds a message and names it; `None` if there is no such queue.
    pub(crate) fn put(&self, queue: &str, body: String) -> Option<String> {
        let mut bytes = [0; 16];
        aws_lc_rs::rand::fill(&mut bytes).ok()?;
        let id = uuid::Builder::from_random_bytes(bytes).into_uuid().to_string();
        let message = Message { id: id.clone(), body, receive_count: 0 };
        self.contents().get_mut(queue)?.waiting.push_back(message);
        self.tell();
        Some(id)
    }

    /// Takes up to so many messages, waiting for one.
    pub(crate) async fn take(&self, queue: &str, most: usize) -> Vec<Message> {
        let mut changes = self.0.changed.subscribe();
        loop {
            let taken = self.taken(queue, most);
            if !taken.is_empty() {
                return taken;
            }
            let _ = changes.changed().await;
        }
    }

    fn taken(&self, queue: &str, most: usize) -> Vec<Message> {
        let mut queues = self.contents();
        let Some(contents) = queues.get_mut(queue) else { return Vec::new() };
        let many = contents.waiting.len().min(most);
        contents.in_flight += many;
        let taken = contents.waiting.drain(..many);
        taken.map(|message| Message { receive_count: message.receive_count + 1, ..message }).collect()
    }

    /// Whether a message that failed has used up its deliveries.
    pub(crate) fn is_dead(&self, queue: &str, message: &Message) -> bool {
        let queues = self.contents();
        let redrive = queues.get(queue).and_then(|contents| contents.redrive.as_ref());
        redrive.is_some_and(|redrive| message.receive_count >= redrive.max_receive_count)
    }

    /// Settles a message that was taken: away with it, back into its queue, or to the dead letters.
    pub(crate) fn settle(&self, queue: &str, message: Message, outcome: Outcome) {
        let dead = outcome == Outcome::Failed && self.is_dead(queue, &message);
        {
            let mut queues = self.contents();
            let Some(contents) = queues.get_mut(queue) else { return };
            contents.in_flight = contents.in_flight.saturating_sub(1);
            let dead_letters = contents.redrive.as_ref().map(|redrive| redrive.dead_letters.clone());
            match (outcome, dead_letters) {
                (Outcome::Done, _) => {}
                (Outcome::Failed, Some(dead_letters)) if dead => {
                    if let Some(contents) = queues.get_mut(&dead_letters) {
                        contents.waiting.push_back(message);
                    }
                }
                (Outcome::Failed, _) => contents.waiting.push_back(message),
            }
        }
        self.tell();
    }

    fn tell(&self) {
        self.0.changed.send_modify(|changes| *changes = changes.wrapping_add(1));
    }

    fn contents(&self) -> MutexGuard<'_, BTreeMap<String, Contents>> {
        self.0.queues.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
