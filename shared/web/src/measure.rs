//! What is counted of the service's work. The names, dimensions and outcomes stand in `infra/runbook.md` too, where the
//! alarms and the dashboard take them from; none of them says anything of a person.

use domain::{otp::Purpose, registration::Step};
use jiff::SignedDuration;

use crate::problem::Problem;

/// One thing that happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Measure {
    /// A step of a registration was asked to be done.
    RegistrationStep(WizardStep, StepOutcome),
    /// A code was sent, or came back.
    Otp(Purpose, CodeOutcome),
    /// The card registry was asked.
    Registry(RegistryOutcome),
    /// How long it took, its second try included.
    RegistryLatency(SignedDuration),
    /// Somebody signs in.
    SignIn(SignInOutcome),
    /// Tokens were given out.
    Token {
        /// Against what.
        grant: &'static str,
        /// To whom: the client's id.
        client: String,
    },
    /// KMS turned a call away.
    KmsThrottled,
    /// DynamoDB turned a call away.
    DynamoDbThrottled,
}

/// A step of the wizard: the registration's own, and the terms before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WizardStep {
    /// The terms of use.
    Terms,
    /// A step of a registration under way.
    At(Step),
}

/// What became of a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StepOutcome {
    /// Passed. At the terms a registration began, at the review it became an account.
    Done,
    /// Not passed, for what was typed or a limit.
    Refused,
    /// Not passed, for a failure of ours or of what we depend on.
    Failed,
    /// The terms were not accepted.
    Declined,
    /// The registration was given up here.
    Cancelled,
}

/// What became of a code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CodeOutcome {
    /// SNS took the text, or gave no answer.
    Sent,
    /// It refused the text.
    NotSent,
    /// The code came back.
    Verified,
    /// A wrong code came, or one too old, or one time too many.
    Failed,
}

/// What the card registry said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RegistryOutcome {
    /// The card is good.
    Confirmed,
    /// It is not.
    Refused,
    /// The registry could not be asked.
    Unavailable,
}

/// What became of a sign-in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SignInOutcome {
    /// Signed in.
    Done,
    /// The password was right, a code is asked for.
    Otp,
    /// Username or password were not.
    Failed,
    /// A limit was reached.
    Limited,
    /// A failure of ours or of what we depend on.
    Error,
}

impl Measure {
    /// Tokens that a client was given.
    pub fn token(grant: &'static str, client: &str) -> Self {
        Self::Token { grant, client: client.to_owned() }
    }

    /// What a typed code led to; `None` where none was typed, or it was not compared.
    pub fn code_typed<T>(purpose: Purpose, outcome: &Result<T, Problem>) -> Option<Self> {
        match outcome {
            Ok(_) => Some(Self::Otp(purpose, CodeOutcome::Verified)),
            Err(Problem::OtpIncorrect { .. } | Problem::OtpExpired | Problem::OtpExhausted) => {
                Some(Self::Otp(purpose, CodeOutcome::Failed))
            }
            Err(_) => None,
        }
    }

    /// What a sign-in that was not completed failed of; `None` where it was not yet one.
    pub fn sign_in_failed(problem: &Problem) -> Option<Self> {
        match problem {
            Problem::SignInFailed => Some(Self::SignIn(SignInOutcome::Failed)),
            Problem::TooManyRequests { .. } => Some(Self::SignIn(SignInOutcome::Limited)),
            problem if problem.status().is_server_error() => Some(Self::SignIn(SignInOutcome::Error)),
            _ => None,
        }
    }

    /// How the request went on the whole, where that is more than done or not.
    pub(crate) const fn outcome(&self) -> Option<&'static str> {
        match self {
            Self::RegistrationStep(_, outcome) => Some(outcome.as_str()),
            Self::SignIn(outcome) => Some(outcome.as_str()),
            _ => None,
        }
    }

    /// The metric.
    pub(crate) const fn name(&self) -> &'static str {
        match self {
            Self::RegistrationStep(..) => "RegistrationStep",
            Self::Otp(..) => "Otp",
            Self::Registry(_) => "Registry",
            Self::RegistryLatency(_) => "RegistryLatency",
            Self::SignIn(_) => "SignIn",
            Self::Token { .. } => "Token",
            Self::KmsThrottled => "KmsThrottled",
            Self::DynamoDbThrottled => "DynamoDbThrottled",
        }
    }

    /// Its value, and what that is of: everything but a time is counted one by one.
    pub(crate) fn value(&self) -> (i64, &'static str) {
        match self {
            Self::RegistryLatency(latency) => (i64::try_from(latency.as_millis()).unwrap_or(i64::MAX), "Milliseconds"),
            _ => (1, "Count"),
        }
    }

    /// Its dimensions, each with its value.
    pub(crate) fn dimensions(&self) -> Vec<(&'static str, &str)> {
        match self {
            Self::RegistrationStep(step, outcome) => vec![("step", step.as_str()), ("outcome", outcome.as_str())],
            Self::Otp(purpose, outcome) => vec![("purpose", purpose.as_str()), ("outcome", outcome.as_str())],
            Self::Registry(outcome) => vec![("outcome", outcome.as_str())],
            Self::SignIn(outcome) => vec![("outcome", outcome.as_str())],
            Self::Token { grant, client } => vec![("grant", grant), ("client", client)],
            Self::RegistryLatency(_) | Self::KmsThrottled | Self::DynamoDbThrottled => Vec::new(),
        }
    }
}

impl WizardStep {
    /// The step that a path of the wizard is the form of.
    pub(crate) fn of_path(path: &str) -> Option<Self> {
        let name = path.strip_prefix("/registration/")?;
        [Self::Terms].into_iter().chain(Step::EVERY.map(Self::At)).find(|step| step.as_str() == name)
    }

    /// Its name, as in paths.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Terms => "terms",
            Self::At(step) => step.as_str(),
        }
    }
}

impl StepOutcome {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Refused => "refused",
            Self::Failed => "failed",
            Self::Declined => "declined",
            Self::Cancelled => "cancelled",
        }
    }
}

impl CodeOutcome {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Sent => "sent",
            Self::NotSent => "not_sent",
            Self::Verified => "verified",
            Self::Failed => "failed",
        }
    }
}

impl RegistryOutcome {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Confirmed => "confirmed",
            Self::Refused => "refused",
            Self::Unavailable => "unavailable",
        }
    }
}

impl SignInOutcome {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Otp => "otp",
            Self::Failed => "failed",
            Self::Limited => "limited",
            Self::Error => "error",
        }
    }
}
