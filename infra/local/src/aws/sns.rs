//! SNS: `Publish` to a telephone number, into the outbox.

use std::{collections::BTreeMap, sync::Arc};

use http::StatusCode;

use super::{
    Clock,
    reply::{Protocol, Reply},
};
use crate::sms_outbox::{Outbox, Text};

/// SNS's limit for one text message, in characters.
const LONGEST: usize = 1600;

/// Takes text messages.
#[derive(Clone)]
pub(super) struct Sns {
    outbox: Arc<Outbox>,
    clock: Clock,
}

impl Sns {
    pub(super) fn new(outbox: Arc<Outbox>, clock: Clock) -> Self {
        Self { outbox, clock }
    }

    /// What a form asks for.
    pub(super) fn operation(body: &[u8]) -> Option<String> {
        form_urlencoded::parse(body).find(|(name, _)| name == "Action").map(|(_, action)| action.into_owned())
    }

    /// Answers an operation.
    pub(super) fn answer(&self, operation: &str, body: &[u8]) -> Reply {
        if operation != "Publish" {
            let message = format!("The action {operation} is not valid for this web service.");
            return Reply::refusal(Protocol::Query, StatusCode::BAD_REQUEST, "InvalidAction", &message);
        }
        match self.publish(body) {
            Ok(message_id) => Reply::done(
                Protocol::Query,
                format!(
                    "<PublishResponse xmlns=\"http://sns.amazonaws.com/doc/2010-03-31/\"><PublishResult>\
                     <MessageId>{message_id}</MessageId></PublishResult>\
                     <ResponseMetadata><RequestId>{message_id}</RequestId></ResponseMetadata></PublishResponse>"
                ),
            ),
            Err(reason) => {
                let message = format!("Invalid parameter: {reason}");
                Reply::refusal(Protocol::Query, StatusCode::BAD_REQUEST, "InvalidParameter", &message)
            }
        }
    }

    fn publish(&self, body: &[u8]) -> Result<String, String> {
        let form: BTreeMap<String, String> = form_urlencoded::parse(body).into_owned().collect();
        let number = form.get("PhoneNumber").ok_or("PhoneNumber Reason: no value for required parameter")?;
        if !is_e164(number) {
            return Err(format!("PhoneNumber Reason: {number} is not valid to publish to"));
        }
        let text = form.get("Message").filter(|text| !text.is_empty()).ok_or("Empty message")?;
        if text.chars().count() > LONGEST {
            return Err("Message too long".to_owned());
        }
        let attributes = attributes(&form);
        // AWS takes a text without it for advertising and sends it the cheap, slow way; here that is a mistake.
        match attributes.get("AWS.SNS.SMS.SMSType").copied() {
            Some("Transactional" | "Promotional") => {}
            _ => {
                return Err("MessageAttributes Reason: AWS.SNS.SMS.SMSType is missing or unknown".to_owned());
            }
        }
        if let Some(sender) = attributes.get("AWS.SNS.SMS.SenderID")
            && !is_sender_id(sender)
        {
            return Err(format!("MessageAttributes Reason: {sender} is not a sender ID"));
        }
        self.outbox.put(Text { to: number.clone(), text: text.clone(), sent_at: (self.clock)() });
        let mut bytes = [0; 16];
        aws_lc_rs::rand::fill(&mut bytes).map_err(|_| "no entropy")?;
        Ok(uuid::Builder::from_random_bytes(bytes).into_uuid().to_string())
    }
}

/// `MessageAttributes.entry.1.Name`, and its `.Value.StringValue`.
fn attributes(form: &BTreeMap<String, String>) -> BTreeMap<&str, &str> {
    let names = form.iter().filter_map(|(field, name)| Some((field.strip_suffix(".Name")?, name.as_str())));
    names
        .filter(|(entry, _)| entry.starts_with("MessageAttributes.entry."))
        .filter_map(|(entry, name)| Some((name, form.get(&format!("{entry}.Value.StringValue"))?.as_str())))
        .collect()
}

/// `+`, then up to fifteen digits that do not begin with 0.
fn is_e164(number: &str) -> bool {
    number.strip_prefix('+').is_some_and(|digits| {
        (7..=15).contains(&digits.len())
            && !digits.starts_with('0')
            && digits.bytes().all(|digit| digit.is_ascii_digit())
    })
}

fn is_sender_id(sender: &str) -> bool {
    (1..=11).contains(&sender.len())
        && sender.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
        && sender.bytes().any(|byte| byte.is_ascii_alphabetic())
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;

    fn sns() -> Sns {
        Sns::new(Arc::default(), Arc::new(|| Timestamp::from_second(1_800_000_000).unwrap()))
    }

    fn form(number: &str, text: &str, attributes: &[(&str, &str)]) -> Vec<u8> {
        let mut form = form_urlencoded::Serializer::new(String::new());
        form.append_pair("Action", "Publish").append_pair("PhoneNumber", number).append_pair("Message", text);
        for (index, (name, value)) in (1..).zip(attributes) {
            form.append_pair(&format!("MessageAttributes.entry.{index}.Name"), name);
            form.append_pair(&format!("MessageAttributes.entry.{index}.Value.DataType"), "String");
            form.append_pair(&format!("MessageAttributes.entry.{index}.Value.StringValue"), value);
        }
        form.finish().into_bytes()
    }

    const TYPE: (&str, &str) = ("AWS.SNS.SMS.SMSType", "Transactional");

    #[test]
    fn a_text_goes_to_the_outbox() {
        let sns = sns();
        let body =
            form("+66812345678", "รหัส 123456\n@localhost #123456", &[("AWS.SNS.SMS.SenderID", "DigitalID"), TYPE]);
        assert_eq!(Sns::operation(&body).as_deref(), Some("Publish"));
        let reply = sns.answer("Publish", &body);
        assert!(reply.status.is_success() && reply.body.contains("<MessageId>"), "{}", reply.body);
        let sent_at = "2027-01-15T08:00:00Z".parse().unwrap();
        let text = "รหัส 123456\n@localhost #123456".to_owned();
        assert_eq!(sns.outbox.texts(), [Text { to: "+66812345678".to_owned(), text, sent_at }]);
    }

    #[test]
    fn what_sns_would_refuse_or_send_as_advertising_is_refused() {
        let sns = sns();
        let long = "ก".repeat(LONGEST + 1);
        for (number, text, attributes) in [
            ("0812345678", "x", vec![TYPE]),
            ("+0812345678", "x", vec![TYPE]),
            ("+6681234567<", "x", vec![TYPE]),
            ("+66812345678", "", vec![TYPE]),
            ("+66812345678", &long, vec![TYPE]),
            ("+66812345678", "x", vec![]),
            ("+66812345678", "x", vec![("AWS.SNS.SMS.SMSType", "Urgent")]),
            ("+66812345678", "x", vec![TYPE, ("AWS.SNS.SMS.SenderID", "Digital ID")]),
        ] {
            let reply = sns.answer("Publish", &form(number, text, &attributes));
            assert_eq!(reply.status, StatusCode::BAD_REQUEST, "{number} {attributes:?}");
            assert!(
                reply.body.contains("<Code>InvalidParameter</Code>") && !reply.body.contains("67<"),
                "{}",
                reply.body
            );
        }
        assert!(sns.outbox.texts().is_empty());
        assert!(sns.answer("Subscribe", b"Action=Subscribe").body.contains("<Code>InvalidAction</Code>"));
    }
}
