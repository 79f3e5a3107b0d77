//! The edge: requests parsed into types, answers rendered as a page or JSON from the same value, problems, cookies, the
//! cross-site check, start-up. What every function shares, and nothing of what any of them does.

pub mod accept;
pub mod answer;
pub mod assets;
pub mod aws;
pub mod clock;
pub mod consumer;
pub mod cookie;
pub mod cross_site;
pub mod edge;
pub mod environment;
pub mod fields;
pub mod incoming;
mod log;
pub mod measure;
pub mod message;
pub mod metrics;
mod new_password;
pub mod one_time_code;
pub mod operation;
pub mod page;
pub mod problem;
pub mod run;
pub mod throttles;

pub use answer::Response;
pub use aws::Service;
pub use clock::Clock;
pub use consumer::{Consumer, DeliverAgain, serve_consumer};
pub use environment::{Environment, StartError};
pub use fields::Fields;
pub use incoming::{Caller, Incoming};
pub use measure::Measure;
pub use metrics::Metrics;
pub use new_password::new_password;
pub use operation::{Operation, Order, OrderRefused, serve_operation};
pub use problem::Problem;
pub use run::{Door, Function, serve};
