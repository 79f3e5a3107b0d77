//! Registrations under way. Every step is load, apply, save under a condition on the version that was read.

use aws_sdk_dynamodb::{
    config::retry::RetryConfig,
    error::SdkError,
    operation::{delete_item::DeleteItemError, put_item::PutItemError},
    types::{AttributeValue, Put, ReturnValue, ReturnValuesOnConditionCheckFailure},
};
use domain::{
    bearer::{Bearer, BearerDigest},
    limit::Bucket,
    otp::TRIES,
    registration::{Event, IDLE, Refusal, Registration, RegistrationId, TRIES_IN_ALL},
    request_handle::RequestHandle,
    username::Username,
};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_dynamo::aws_sdk_dynamodb_1::from_item;

use crate::{
    Item, StoreError, Table,
    failure::{failed_item, if_held, incomplete},
    item,
    limits::{Charge, Limits},
    number, text,
    transaction::{self, Cancelled, IntoTransaction},
};

/// How often a lost version race is read and applied again.
const RACES: u32 = 3;

/// The table of registrations.
#[derive(Clone, Debug)]
pub struct Registrations {
    pub(crate) table: Table,
}

/// A registration as it was read, with what its next write is conditional on.
#[derive(Clone, Debug)]
pub struct Stored {
    /// The registration.
    pub registration: Registration,
    pub(crate) secret: BearerDigest,
    pub(crate) version: u64,
}

/// An item of the table.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Row {
    id: RegistrationId,
    /// SHA-256 of the cookie's secret.
    secret: BearerDigest,
    /// Counts the writes.
    version: u64,
    /// Random per write: tells our own write, whose answer was lost, from somebody else's.
    write: String,
    /// TTL, in seconds. DynamoDB deletes days late, so `registration.expires_at` decides.
    expires: i64,
    /// Whether it has become an account: a tombstone, so that a replay meets a closed door and not an empty room.
    closed: bool,
    /// Of an open one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    registration: Option<Registration>,
    /// Of a tombstone, for the page that says it is done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    username: Option<Username>,
    /// And for where that page leads.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    return_to: Option<RequestHandle>,
}

/// Why a registration did not move on.
#[derive(Debug, thiserror::Error)]
pub enum AdvanceError {
    /// The flow does not allow it.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// It is gone, closed, or its secret was renewed meanwhile.
    #[error("no such registration")]
    Gone,
    /// A counter written with it is full.
    #[error("the limit is reached")]
    LimitReached {
        /// When the counter's window ends.
        retry_at: Timestamp,
    },
    /// The table could not be asked, or the race was lost three times over.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What a presented cookie opened.
#[derive(Clone, Debug)]
pub enum Opened {
    /// A registration under way.
    Open(Box<Stored>),
    /// One that has become an account.
    Closed {
        /// With this username.
        username: Username,
        /// The authorization request that registering began in.
        return_to: Option<RequestHandle>,
    },
}

/// What is counted in the same transaction as a save.
#[derive(Clone, Copy, Debug)]
pub enum Counting<'a> {
    /// One more in this bucket, or nothing is saved.
    OneMore(&'a Limits, &'a Bucket),
    /// These counts are given back, by whoever saves.
    Back(&'a Limits, &'a [Charge]),
}

/// What removing a registration found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Removal {
    /// Nothing is left of it.
    Gone,
    /// It has become an account meanwhile.
    Closed,
    /// It goes on under a newer secret.
    Renewed,
}

impl Registrations {
    /// The table.
    pub const fn new(table: Table) -> Self {
        Self { table }
    }

    /// Writes a registration that has just begun.
    ///
    /// # Errors
    /// The table's.
    pub async fn begin(&self, registration: Registration, secret: &Bearer) -> Result<Stored, StoreError> {
        let stored = Stored { registration, secret: secret.digest(), version: 0 };
        let row = self.row(&stored);
        match self.put(&row, "attribute_not_exists(id)", None).await? {
            Written::Yes => Ok(Stored { version: row.version, ..stored }),
            Written::No(_) => Err(StoreError::Busy),
        }
    }

    /// What the cookie opens: `None` if it is unknown, expired, or its secret is an old one.
    ///
    /// # Errors
    /// The table's.
    pub async fn open(
        &self,
        id: &RegistrationId,
        secret: &Bearer,
        now: Timestamp,
    ) -> Result<Option<Opened>, StoreError> {
        self.read(id, &secret.digest(), now).await
    }

    /// Applies an event and saves the result, with a new secret if one is given. A lost race is read and applied
    /// again, up to three times.
    ///
    /// # Errors
    /// See [`AdvanceError`].
    pub async fn advance(
        &self,
        stored: Stored,
        event: &Event,
        renewed: Option<&Bearer>,
        now: Timestamp,
    ) -> Result<Stored, AdvanceError> {
        self.advance_counting(stored, event, renewed, None, now).await
    }

    /// As [`Self::advance`], and counts, both or neither.
    ///
    /// # Errors
    /// See [`AdvanceError`].
    pub async fn advance_counting(
        &self,
        mut stored: Stored,
        event: &Event,
        renewed: Option<&Bearer>,
        counting: Option<Counting<'_>>,
        now: Timestamp,
    ) -> Result<Stored, AdvanceError> {
        for attempt in 1..=RACES {
            let next = Stored {
                registration: stored.registration.clone().apply(event.clone(), now)?,
                secret: renewed.map_or_else(|| stored.secret.clone(), Bearer::digest),
                version: stored.version,
            };
            let row = self.row(&next);
            let outcome = match counting {
                None | Some(Counting::Back(_, [])) => {
                    self.put(&row, UNCHANGED, Some(&stored)).await.map_err(AdvanceError::from)
                }
                Some(counting) => self.put_counting(&row, &stored, counting).await,
            };
            let written = match outcome {
                Err(AdvanceError::Store(error)) => self.was_written(&row, error).await?,
                outcome => outcome?,
            };
            match written {
                Written::Yes => return Ok(Stored { version: row.version, ..next }),
                Written::No(current) => stored = self.current(current, &stored, now)?,
            }
            transaction::pause(&self.table.entropy, attempt).await;
        }
        Err(StoreError::Busy.into())
    }

    /// Counts one comparison of the waiting code, before it is made: [`Event::CodeTried`] as a single update, so that
    /// of fifty at once five are let through and the others are told so.
    ///
    /// # Errors
    /// See [`AdvanceError`].
    pub async fn try_code(&self, stored: &Stored, otp_id: &str, now: Timestamp) -> Result<Stored, AdvanceError> {
        stored.registration.clone().apply(Event::CodeTried(otp_id.to_owned()), now)?;
        let write = self.table.write_id();
        let request = self
            .table
            .client
            .update_item()
            .table_name(&self.table.name)
            .key("id", text(stored.registration.id.as_str()))
            .update_expression(
                "SET registration.otp.tries = registration.otp.tries + :one, registration.tries = registration.tries + :one, \
                 registration.expires_at = :expires_at, expires = :expires, version = version + :one, #write = :write",
            )
            .condition_expression(
                "secret = :secret AND closed = :open AND registration.otp.id = :otp \
                 AND registration.otp.tries < :tries AND registration.tries < :in_all AND #write <> :write",
            )
            .expression_attribute_names("#write", "write")
            .expression_attribute_values(":one", number(1))
            .expression_attribute_values(":expires_at", text((now + IDLE).to_string()))
            .expression_attribute_values(":expires", number((now + IDLE).as_second()))
            .expression_attribute_values(":write", text(&write))
            .expression_attribute_values(":secret", text(stored.secret.as_str()))
            .expression_attribute_values(":open", AttributeValue::Bool(false))
            .expression_attribute_values(":otp", text(otp_id))
            .expression_attribute_values(":tries", number(TRIES))
            .expression_attribute_values(":in_all", number(TRIES_IN_ALL))
            .return_values(ReturnValue::AllNew)
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
        match request.send().await {
            Ok(output) => self.current(output.attributes, stored, now),
            Err(error) => match failed_item(&error) {
                Some(item) if written_by_us(&write, item.as_ref()) => self.current(item, stored, now),
                Some(item) => {
                    let current = self.current(item, stored, now)?;
                    current.registration.may_try_code(otp_id, now)?;
                    Err(StoreError::Busy.into())
                }
                None => Err(StoreError::from_sdk(error).into()),
            },
        }
    }

    /// Takes back a comparison that could not be made, or that was right and could not be saved, if the code still
    /// waits. Sent at most once, as every refund.
    ///
    /// # Errors
    /// The table's.
    pub async fn take_back_try(&self, tried: &Stored, otp_id: &str) -> Result<(), StoreError> {
        let request = self
            .table
            .client
            .update_item()
            .table_name(&self.table.name)
            .key("id", text(tried.registration.id.as_str()))
            .update_expression(
                "SET registration.otp.tries = registration.otp.tries - :one, registration.tries = registration.tries - :one, \
                 version = version + :one, #write = :write",
            )
            .condition_expression(
                "secret = :secret AND closed = :open AND registration.otp.id = :otp \
                 AND registration.otp.tries > :none AND registration.tries > :none",
            )
            .expression_attribute_names("#write", "write")
            .expression_attribute_values(":one", number(1))
            .expression_attribute_values(":none", number(0))
            .expression_attribute_values(":write", text(self.table.write_id()))
            .expression_attribute_values(":secret", text(tried.secret.as_str()))
            .expression_attribute_values(":open", AttributeValue::Bool(false))
            .expression_attribute_values(":otp", text(otp_id));
        let once = || aws_sdk_dynamodb::Config::builder().retry_config(RetryConfig::disabled());
        let outcome = self.table.past_conflicts(|| request.clone().customize().config_override(once()).send()).await;
        if_held(outcome).map(drop)
    }

    /// Removes a registration, whatever became of it since it was read, so long as the secret is still the same; and
    /// says what there was.
    ///
    /// # Errors
    /// The table's.
    pub async fn remove(&self, stored: &Stored) -> Result<Removal, StoreError> {
        let request = self
            .table
            .client
            .delete_item()
            .table_name(&self.table.name)
            .key("id", text(stored.registration.id.as_str()))
            .condition_expression("secret = :secret AND closed = :open")
            .expression_attribute_values(":secret", text(stored.secret.as_str()))
            .expression_attribute_values(":open", AttributeValue::Bool(false))
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
        match request.send().await {
            Ok(_) => Ok(Removal::Gone),
            Err(error) => match delete_condition_failed(&error) {
                Some(None) => Ok(Removal::Gone),
                Some(Some(item)) if from_row(item.clone())?.closed => Ok(Removal::Closed),
                Some(Some(_)) => Ok(Removal::Renewed),
                None => Err(StoreError::from_sdk(error)),
            },
        }
    }

    /// Whether the registration has become an account.
    ///
    /// # Errors
    /// The table's.
    pub async fn is_closed(&self, stored: &Stored, now: Timestamp) -> Result<bool, StoreError> {
        let opened = self.read(&stored.registration.id, &stored.secret, now).await?;
        Ok(matches!(opened, Some(Opened::Closed { .. })))
    }

    /// The registration as a tombstone, for the transaction that makes the account. What it was about now belongs to
    /// the account; the username stays, for the page that says it is done, and where that page leads.
    pub(crate) fn close(&self, stored: &Stored, username: &Username) -> Result<(Put, String), StoreError> {
        let row = Row {
            closed: true,
            registration: None,
            username: Some(username.clone()),
            return_to: stored.registration.return_to.clone(),
            ..self.row(stored)
        };
        Ok((self.conditional_put(&row, stored)?, row.write))
    }

    /// What stands there now, if it is still what `before` was read from.
    pub(crate) fn current(&self, item: Option<Item>, before: &Stored, now: Timestamp) -> Result<Stored, AdvanceError> {
        match opened(item.map(from_row).transpose()?, &before.secret, now) {
            Some(Opened::Open(stored)) => Ok(*stored),
            Some(Opened::Closed { .. }) | None => Err(AdvanceError::Gone),
        }
    }

    /// No answer is not a "no": the write may have been made, and with it a new secret that the person must get.
    async fn was_written(&self, row: &Row, error: StoreError) -> Result<Written, AdvanceError> {
        match self.table.read::<Row>("id", row.id.as_str()).await {
            Ok(Some(current)) if current.write == row.write => Ok(Written::Yes),
            _ => Err(error.into()),
        }
    }

    async fn read(
        &self,
        id: &RegistrationId,
        secret: &BearerDigest,
        now: Timestamp,
    ) -> Result<Option<Opened>, StoreError> {
        Ok(opened(self.table.read("id", id.as_str()).await?, secret, now))
    }

    fn row(&self, stored: &Stored) -> Row {
        Row {
            id: stored.registration.id.clone(),
            secret: stored.secret.clone(),
            version: stored.version + 1,
            write: self.table.write_id(),
            expires: stored.registration.expires_at.as_second(),
            closed: false,
            registration: Some(stored.registration.clone()),
            username: None,
            return_to: None,
        }
    }

    async fn put(&self, row: &Row, condition: &str, before: Option<&Stored>) -> Result<Written, StoreError> {
        let mut request = self
            .table
            .client
            .put_item()
            .table_name(&self.table.name)
            .set_item(Some(item(row)?))
            .condition_expression(condition)
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
        if let Some(before) = before {
            request = request
                .expression_attribute_values(":version", number(before.version))
                .expression_attribute_values(":secret", text(before.secret.as_str()));
        }
        match request.send().await {
            Ok(_) => Ok(Written::Yes),
            Err(error) => match put_condition_failed(&error) {
                Some(current) => written(&row.write, current),
                None => Err(StoreError::from_sdk(error)),
            },
        }
    }

    async fn put_counting(&self, row: &Row, before: &Stored, counting: Counting<'_>) -> Result<Written, AdvanceError> {
        let counts = match counting {
            Counting::OneMore(limits, bucket) => vec![limits.counting(bucket)?],
            Counting::Back(limits, charges) => limits.giving_back(charges)?,
        };
        let mut items = vec![self.conditional_put(row, before)?.into_transaction()];
        items.extend(counts.into_iter().map(IntoTransaction::into_transaction));
        match transaction::write(&self.table.client, &self.table.entropy, items).await {
            Ok(()) => Ok(Written::Yes),
            Err(Cancelled::Condition { place: 0, item }) => Ok(written(&row.write, item)?),
            Err(cancelled) => match (counting, cancelled) {
                // The counter is gone, or others would not leave it alone: what is given back is not worth failing for.
                (Counting::Back(..), Cancelled::Condition { .. } | Cancelled::Store(StoreError::Busy)) => {
                    Ok(self.put(row, UNCHANGED, Some(before)).await?)
                }
                (Counting::OneMore(_, bucket), Cancelled::Condition { .. }) => {
                    Err(AdvanceError::LimitReached { retry_at: bucket.ends_at })
                }
                (_, Cancelled::Store(error)) => Err(error.into()),
            },
        }
    }

    fn conditional_put(&self, row: &Row, before: &Stored) -> Result<Put, StoreError> {
        Put::builder()
            .table_name(&self.table.name)
            .set_item(Some(item(row)?))
            .condition_expression(UNCHANGED)
            .expression_attribute_values(":version", number(before.version))
            .expression_attribute_values(":secret", text(before.secret.as_str()))
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
            .build()
            .map_err(incomplete)
    }
}

/// Nobody wrote since it was read.
const UNCHANGED: &str = "version = :version AND secret = :secret";

enum Written {
    Yes,
    /// Somebody else wrote meanwhile: what stands there now.
    No(Option<Item>),
}

/// Our own write, whose answer was lost and which the client sent again, is no lost race.
pub(crate) fn written_by_us(write: &str, current: Option<&Item>) -> bool {
    current.and_then(|item| item.get("write")).and_then(|value| value.as_s().ok()).is_some_and(|stored| stored == write)
}

fn written(write: &str, current: Option<Item>) -> Result<Written, StoreError> {
    Ok(if written_by_us(write, current.as_ref()) { Written::Yes } else { Written::No(current) })
}

fn from_row(item: Item) -> Result<Row, StoreError> {
    from_item(item).map_err(StoreError::Shape)
}

fn opened(row: Option<Row>, secret: &BearerDigest, now: Timestamp) -> Option<Opened> {
    let Row { secret: kept, version, expires, registration, username, return_to, .. } = row?;
    if kept != *secret || now.as_second() > expires {
        return None;
    }
    match (registration, username) {
        (Some(registration), _) if now < registration.expires_at => {
            Some(Opened::Open(Box::new(Stored { registration, secret: kept, version })))
        }
        (None, Some(username)) => Some(Opened::Closed { username, return_to }),
        _ => None,
    }
}

/// The item that failed the condition, if that is why a deletion failed.
fn delete_condition_failed(error: &SdkError<DeleteItemError>) -> Option<Option<Item>> {
    match error.as_service_error() {
        Some(DeleteItemError::ConditionalCheckFailedException(failed)) => Some(failed.item.clone()),
        _ => None,
    }
}

/// The item that failed the condition, if that is why a put failed.
fn put_condition_failed(error: &SdkError<PutItemError>) -> Option<Option<Item>> {
    match error.as_service_error() {
        Some(PutItemError::ConditionalCheckFailedException(failed)) => Some(failed.item.clone()),
        _ => None,
    }
}
