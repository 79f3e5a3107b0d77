//! What is asked: the five details of a card, and the SOAP request that carries them.

use std::fmt;

use domain::{birth_date::BirthDate, citizen_id::CitizenId, laser_code::LaserCode, name::Name};
use quick_xml::escape::escape;

/// The details the registry compares. It knows neither titles nor middle names.
#[derive(Clone, Copy)]
pub struct CardDetails<'a> {
    /// 13 digits.
    pub citizen_id: &'a CitizenId,
    /// In NFC, as [`Name`] always is.
    pub first_name: &'a Name,
    /// In NFC, as [`Name`] always is.
    pub last_name: &'a Name,
    /// Month and day may be unknown; they are sent as zeros.
    pub birth_date: &'a BirthDate,
    /// The code on the card's back.
    pub laser_code: &'a LaserCode,
}

impl CardDetails<'_> {
    /// The SOAP 1.2 envelope of `CheckCardByLaser`.
    pub(crate) fn to_soap(self) -> String {
        format!(
            concat!(
                r#"<?xml version="1.0" encoding="utf-8"?>"#,
                r#"<soap12:Envelope xmlns:soap12="http://www.w3.org/2003/05/soap-envelope"><soap12:Body>"#,
                r#"<CheckCardByLaser xmlns="http://tempuri.org/">"#,
                "<PID>{}</PID><FirstName>{}</FirstName><LastName>{}</LastName>",
                "<BirthDay>{}</BirthDay><Laser>{}</Laser>",
                "</CheckCardByLaser></soap12:Body></soap12:Envelope>",
            ),
            escape(self.citizen_id.expose()),
            escape(self.first_name.expose()),
            escape(self.last_name.expose()),
            escape(self.birth_date.registry()),
            escape(self.laser_code.expose()),
        )
    }
}

impl fmt::Debug for CardDetails<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("CardDetails(redacted)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The registry compares text: a name typed as NIKHAHIT and SARA AA is the same name as one with SARA AM.
    #[test]
    fn names_and_unknown_dates_are_sent_as_the_registry_writes_them() {
        let details = CardDetails {
            citizen_id: &"1-1120-34563-56-2".parse().unwrap(),
            first_name: &" อ\u{e4d}\u{e32}นาจ ".parse().unwrap(),
            last_name: &"ณ  อยุธยา".parse().unwrap(),
            birth_date: &"1995-00-00".to_owned().try_into().unwrap(),
            laser_code: &"jt1-2345678-90".parse().unwrap(),
        };
        let xml = details.to_soap();
        let sent = concat!(
            "<PID>1112034563562</PID><FirstName>อ\u{e33}นาจ</FirstName><LastName>ณ อยุธยา</LastName>",
            "<BirthDay>25380000</BirthDay><Laser>JT1234567890</Laser>",
        );
        assert!(xml.contains(sent), "{xml}");
    }
}
