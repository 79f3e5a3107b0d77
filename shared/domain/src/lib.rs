//! What the service is about, with no AWS, no HTTP and no clock of its own: the values people type, parsed once into
//! types that are valid by construction; the registration flow; the policies on codes, passwords and limits.

pub mod account;
pub mod assurance;
pub mod bearer;
pub mod birth_date;
pub mod citizen_id;
pub mod consent;
pub mod device;
pub mod digits;
pub mod entropy;
pub mod identity;
pub mod language;
pub mod laser_code;
pub mod limit;
pub mod logout;
pub mod mobile_number;
pub mod name;
pub mod operator;
pub mod otp;
pub mod password;
pub mod reason;
pub mod registration;
pub mod request_handle;
pub mod sealed;
pub mod session;
pub mod sign_in;
pub mod signing_keys;
pub mod terms;
pub mod user_agent;
pub mod username;
