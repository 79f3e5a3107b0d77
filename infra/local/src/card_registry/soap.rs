//! The simulated registry's SOAP 1.2: `CheckCardByLaser` read, its result written.

use std::collections::BTreeMap;

use quick_xml::{
    NsReader,
    escape::{escape, resolve_xml_entity},
    events::{BytesRef, Event},
    name::ResolveResult,
};

use super::personas::CardResult;

/// The elements that lead to a detail, each with its namespace.
const WAY: [&str; 3] = [
    "{http://www.w3.org/2003/05/soap-envelope}Envelope",
    "{http://www.w3.org/2003/05/soap-envelope}Body",
    "{http://tempuri.org/}CheckCardByLaser",
];

/// The details of a request, as text; empty where missing.
pub(super) struct CardRequest {
    pub(super) citizen_id: String,
    pub(super) first_name: String,
    pub(super) last_name: String,
    pub(super) birth_day: String,
    pub(super) laser_code: String,
}

impl CardRequest {
    /// `None` where the text is not well-formed XML, or has a document type.
    pub(super) fn read(xml: &str) -> Option<Self> {
        let mut reader = NsReader::from_str(xml);
        reader.config_mut().expand_empty_elements = true;
        let mut path: Vec<String> = Vec::new();
        let mut details: BTreeMap<String, String> = BTreeMap::new();
        loop {
            match reader.read_resolved_event().ok()? {
                (ResolveResult::Bound(namespace), Event::Start(start)) => {
                    path.push(format!("{{{}}}{}", namespace.into_inner(), start.local_name().into_inner()));
                }
                (_, Event::Start(start)) => path.push(start.local_name().into_inner().to_owned()),
                (_, Event::End(_)) => {
                    path.pop();
                }
                (_, Event::Text(text)) => push(&mut details, &path, &text.xml10_content()),
                (_, Event::CData(text)) => push(&mut details, &path, &text.xml10_content()),
                (_, Event::GeneralRef(reference)) => push(&mut details, &path, &resolve(&reference)?),
                (_, Event::DocType(_)) => return None,
                (_, Event::Eof) => break,
                _ => {}
            }
        }
        let mut take = |name: &str| details.remove(&format!("{{http://tempuri.org/}}{name}")).unwrap_or_default();
        path.is_empty().then(|| Self {
            citizen_id: take("PID"),
            first_name: take("FirstName"),
            last_name: take("LastName"),
            birth_day: take("BirthDay"),
            laser_code: take("Laser"),
        })
    }
}

fn push(details: &mut BTreeMap<String, String>, path: &[String], text: &str) {
    if let [way @ .., detail] = path
        && way == WAY
    {
        details.entry(detail.clone()).or_default().push_str(text);
    }
}

fn resolve(reference: &BytesRef<'_>) -> Option<String> {
    match reference.resolve_char_ref().ok()? {
        Some(character) => Some(character.into()),
        None => resolve_xml_entity(reference).map(str::to_owned),
    }
}

/// The answer's envelope, as ASP.NET writes it.
pub(super) fn envelope(result: CardResult) -> String {
    let text = escape(result.desc);
    let fields = if result.is_error {
        format!("<IsError>true</IsError><ErrorMessage>{text}</ErrorMessage>")
    } else {
        format!("<IsError>false</IsError><ErrorMessage /><Code>{}</Code><Desc>{text}</Desc>", result.code)
    };
    format!(
        concat!(
            r#"<?xml version="1.0" encoding="utf-8"?>"#,
            r#"<soap:Envelope xmlns:soap="http://www.w3.org/2003/05/soap-envelope""#,
            r#" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns:xsd="http://www.w3.org/2001/XMLSchema">"#,
            r#"<soap:Body><CheckCardByLaserResponse xmlns="http://tempuri.org/"><CheckCardByLaserResult>{}"#,
            "</CheckCardByLaserResult></CheckCardByLaserResponse></soap:Body></soap:Envelope>",
        ),
        fields
    )
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    pub(crate) fn request(
        citizen_id: &str,
        first_name: &str,
        last_name: &str,
        birth_day: &str,
        laser_code: &str,
    ) -> String {
        format!(
            concat!(
                r#"<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope" xmlns:t="http://tempuri.org/"><s:Body>"#,
                "<t:CheckCardByLaser><t:PID>{}</t:PID><t:FirstName>{}</t:FirstName><t:LastName>{}</t:LastName>",
                "<t:BirthDay>{}</t:BirthDay><t:Laser>{}</t:Laser></t:CheckCardByLaser></s:Body></s:Envelope>",
            ),
            citizen_id, first_name, last_name, birth_day, laser_code
        )
    }

    #[test]
    fn details_are_read_by_place_and_namespace() {
        let xml = request("1", "a &amp; &#x0E01;", "<![CDATA[<b>]]>", "", "L").replace("t:Laser", "Laser");
        let read = CardRequest::read(&xml).unwrap();
        assert_eq!((read.citizen_id.as_str(), read.first_name.as_str()), ("1", "a & ก"));
        assert_eq!((read.last_name.as_str(), read.birth_day.as_str(), read.laser_code.as_str()), ("<b>", "", ""));
    }

    #[test]
    fn what_is_not_well_formed_is_not_read() {
        let good = request("1", "a", "b", "c", "d");
        for xml in [
            &good[..good.len() - 1],
            &good[..good.len() / 2],
            "<a></b>",
            &format!("<!DOCTYPE x>{good}"),
            &request("1", "&x;", "b", "c", "d"),
        ] {
            assert!(CardRequest::read(xml).is_none(), "{xml}");
        }
    }
}
