//! Text messages, over SNS. A retry of Publish is a second text on somebody's phone, so there is none.

use aws_config::SdkConfig;
use aws_sdk_sns::{
    Client,
    config::{Region, retry::RetryConfig},
    error::{ProvideErrorMetadata, SdkError},
    operation::publish::PublishError,
    types::MessageAttributeValue,
};
use domain::mobile_number::MobileNumber;

/// Sends text messages.
#[derive(Clone, Debug)]
pub struct TextMessages {
    client: Client,
    sender_id: Option<SenderId>,
}

/// The name a text comes from: 3 to 11 letters and digits, at least one a letter. Thailand delivers only registered ones.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SenderId(String);

impl std::str::FromStr for SenderId {
    type Err = SenderIdError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let well_formed = (3..=11).contains(&text.len())
            && text.bytes().all(|byte| byte.is_ascii_alphanumeric())
            && text.bytes().any(|byte| byte.is_ascii_alphabetic());
        if well_formed { Ok(Self(text.to_owned())) } else { Err(SenderIdError) }
    }
}

/// Not a sender ID.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a sender ID is 3 to 11 letters and digits, at least one of them a letter")]
pub struct SenderIdError;

/// What became of a text that was not plainly accepted.
#[derive(Debug, thiserror::Error)]
pub enum SendError {
    /// SNS did not take it: it was not sent.
    #[error("SNS refused the text: {0}")]
    NotSent(String),
    /// No answer came, or SNS failed: it may be on its way, and must not be sent again.
    #[error("SNS gave no clear answer: {0}")]
    Unknown(String),
}

impl TextMessages {
    /// A sender over SNS in `region`, where that is not the function's own: not every region sends texts.
    pub fn new(config: &SdkConfig, region: Option<String>, sender_id: Option<SenderId>) -> Self {
        let mut builder = aws_sdk_sns::config::Builder::from(config).retry_config(RetryConfig::disabled());
        if let Some(region) = region {
            builder = builder.region(Region::new(region));
        }
        Self { client: Client::from_conf(builder.build()), sender_id }
    }

    /// Sends one text, at most once.
    ///
    /// # Errors
    /// Whether it was certainly not sent, or possibly was: see [`SendError`].
    pub async fn send(&self, number: &MobileNumber, text: &str) -> Result<(), SendError> {
        let mut request = self
            .client
            .publish()
            .phone_number(number.e164())
            .message(text)
            .message_attributes("AWS.SNS.SMS.SMSType", string("Transactional")?);
        if let Some(SenderId(sender_id)) = &self.sender_id {
            request = request.message_attributes("AWS.SNS.SMS.SenderID", string(sender_id)?);
        }
        request.send().await.map(drop).map_err(|error| outcome(&error))
    }
}

fn outcome(error: &SdkError<PublishError>) -> SendError {
    match error {
        // SNS's own failure is none of ours to read: the text may have left before it.
        SdkError::ServiceError(answer) => {
            let code = error.code().unwrap_or("unknown");
            let told = denial::told(code, error.message());
            match answer.raw().status().is_server_error() && !code.starts_with("Thrott") {
                true => SendError::Unknown(told),
                false => SendError::NotSent(told),
            }
        }
        SdkError::ConstructionFailure(_) => SendError::NotSent("the request could not be built".to_owned()),
        SdkError::DispatchFailure(_) if never_connected(error) => SendError::NotSent("no connection".to_owned()),
        _ => SendError::Unknown(error.to_string()),
    }
}

/// Whether the failure lies before the first byte: then the text cannot be on its way.
fn never_connected(error: &(dyn std::error::Error + 'static)) -> bool {
    std::iter::successors(Some(error), |error| error.source())
        .filter_map(|error| error.downcast_ref::<hyper_util::client::legacy::Error>())
        .any(hyper_util::client::legacy::Error::is_connect)
}

fn string(value: &str) -> Result<MessageAttributeValue, SendError> {
    let attribute = MessageAttributeValue::builder().data_type("String").string_value(value).build();
    attribute.map_err(|error| SendError::NotSent(error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sender_id_is_what_carriers_take() {
        for good in ["DigitalID", "A12", "GOV4citizen"] {
            assert!(good.parse::<SenderId>().is_ok(), "{good}");
        }
        for bad in ["", "AB", "123", "Digital ID", "DigitalIDThai", "ไทย"] {
            assert!(bad.parse::<SenderId>().is_err(), "{bad}");
        }
    }
}
