//! Clients and tables from a function's environment: each function names the ones it uses.

use aws_sdk_dynamodb::{Client as DynamoDb, config::Builder as DynamoDbConfig};
use aws_sdk_kms::{Client as Kms, config::Builder as KmsConfig};
use store::{Table, accounts::Accounts, limits::Limits, registrations::Registrations, sessions::Sessions};
use web::{Environment, Measure, Service, StartError};

/// The client of DynamoDB.
pub fn dynamodb(environment: &Environment) -> DynamoDb {
    environment.client(Service::DynamoDb, |config| {
        let throttles = environment.throttles(Measure::DynamoDbThrottled);
        store::client(DynamoDbConfig::from(config).interceptor(throttles))
    })
}

/// The client of KMS.
pub fn kms(environment: &Environment) -> Kms {
    environment.client(Service::Kms, |config| {
        let throttles = environment.throttles(Measure::KmsThrottled);
        Kms::from_conf(KmsConfig::from(config).interceptor(throttles).build())
    })
}

/// The registrations, named by `REGISTRATIONS_TABLE`.
///
/// # Errors
/// The variable is missing.
pub fn registrations(environment: &Environment) -> Result<Registrations, StartError> {
    table(environment, "REGISTRATIONS_TABLE").map(Registrations::new)
}

/// The accounts, named by `ACCOUNTS_TABLE`.
///
/// # Errors
/// The variable is missing.
pub fn accounts(environment: &Environment) -> Result<Accounts, StartError> {
    table(environment, "ACCOUNTS_TABLE").map(Accounts::new)
}

/// The counters, named by `LIMITS_TABLE`.
///
/// # Errors
/// The variable is missing.
pub fn limits(environment: &Environment) -> Result<Limits, StartError> {
    table(environment, "LIMITS_TABLE").map(Limits::new)
}

/// The sessions, named by `SESSIONS_TABLE`.
///
/// # Errors
/// The variable is missing.
pub fn sessions(environment: &Environment) -> Result<Sessions, StartError> {
    table(environment, "SESSIONS_TABLE").map(Sessions::new)
}

/// A table by the variable that names it.
///
/// # Errors
/// The variable is missing.
pub fn table(environment: &Environment, variable: &str) -> Result<Table, StartError> {
    Ok(Table::new(dynamodb(environment), environment.text(variable)?, environment.entropy.clone()))
}
