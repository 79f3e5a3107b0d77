//! The registry's answer: a SOAP 1.2 envelope, read into a verdict.
//!
//! Only what stands exactly where the interface puts it counts: Envelope / Body / CheckCardByLaserResponse /
//! CheckCardByLaserResult / field, each in its namespace, whatever the prefixes. Unknown elements are passed over with all
//! they hold. Anything that could be read in two ways is malformed, so that nothing but a plain "0" is a "yes".

use quick_xml::{
    NsReader,
    escape::resolve_xml_entity,
    events::{BytesRef, Event},
    name::{LocalName, Namespace, ResolveResult},
};

use crate::{
    failure::{MalformedAnswer, RegistryError},
    verdict::{Refusal, Verdict},
};

/// SOAP 1.2 part 1, section 5.
const SOAP: Namespace<'_> = Namespace("http://www.w3.org/2003/05/soap-envelope");
const TEMPURI: Namespace<'_> = Namespace("http://tempuri.org/");

/// What the body of an answer with status 200 says.
pub(crate) fn read(body: &[u8]) -> Result<Verdict, RegistryError> {
    let xml = std::str::from_utf8(body).map_err(|_| MalformedAnswer::NotUtf8)?;
    match Content::read(xml.trim_start_matches('\u{feff}'))? {
        Content::Fault => Err(RegistryError::Fault),
        Content::Result(result) => result.judge(),
    }
}

enum Content {
    Fault,
    Result(CardResult),
}

/// `CheckCardByLaserResult`, as text. `ErrorMessage` is left out: it is for their eyes and may name the person.
#[derive(Default)]
struct CardResult {
    is_error: Option<String>,
    code: Option<String>,
    desc: Option<String>,
}

impl CardResult {
    fn judge(&self) -> Result<Verdict, RegistryError> {
        // xs:boolean has two spellings of each.
        match self.is_error.as_deref().ok_or(MalformedAnswer::Missing("IsError"))?.trim() {
            "false" | "0" => {}
            "true" | "1" => return Err(RegistryError::IsError),
            _ => return Err(MalformedAnswer::Unreadable("IsError").into()),
        }
        let refusal = match self.code.as_deref().ok_or(MalformedAnswer::Missing("Code"))?.trim() {
            "0" => return Ok(Verdict::Confirmed),
            "1" => Refusal::ChipNotNormal,
            "2" => Refusal::CardExpired,
            "4" => self.mismatch(),
            "5" => return Err(RegistryError::Incomplete),
            other => match other.parse::<i32>() {
                Ok(code) if code.to_string() == other => Refusal::Other(code),
                // No number, or one spelt as the interface does not spell its codes: "00", "+5".
                _ => return Err(MalformedAnswer::Unreadable("Code").into()),
            },
        };
        Ok(Verdict::Refused(refusal))
    }

    /// Code 4 has two meanings, told apart by what follows `สถานะไม่ปกติ =>`.
    fn mismatch(&self) -> Refusal {
        match self.desc.as_deref().and_then(|desc| desc.split_once("=>")) {
            Some((_, text)) if text.trim_start().starts_with("ไม่พบเลข Laser") => {
                Refusal::LaserMismatch
            }
            Some((_, text)) if text.trim_start().starts_with("ข้อมูลไม่ตรง") => {
                Refusal::PersonMismatch
            }
            _ => Refusal::Other(4),
        }
    }
}

/// Where an element stands.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Envelope,
    Body,
    Fault,
    Response,
    Result,
    IsError,
    Code,
    Desc,
    Unknown,
}

impl Place {
    /// The place of a child by its expanded name. `None` stands for the document.
    fn child(parent: Option<Self>, namespace: &ResolveResult<'_>, name: LocalName<'_>) -> Self {
        let is = |expected| matches!(namespace, ResolveResult::Bound(namespace) if *namespace == expected);
        match (parent, name.into_inner()) {
            (None, "Envelope") if is(SOAP) => Self::Envelope,
            (Some(Self::Envelope), "Body") if is(SOAP) => Self::Body,
            (Some(Self::Body), "Fault") if is(SOAP) => Self::Fault,
            (Some(Self::Body), "CheckCardByLaserResponse") if is(TEMPURI) => Self::Response,
            (Some(Self::Response), "CheckCardByLaserResult") if is(TEMPURI) => Self::Result,
            (Some(Self::Result), "IsError") if is(TEMPURI) => Self::IsError,
            (Some(Self::Result), "Code") if is(TEMPURI) => Self::Code,
            (Some(Self::Result), "Desc") if is(TEMPURI) => Self::Desc,
            _ => Self::Unknown,
        }
    }
}

impl Content {
    fn read(xml: &str) -> Result<Self, MalformedAnswer> {
        let mut reader = NsReader::from_str(xml);
        reader.config_mut().expand_empty_elements = true;
        let mut path: Vec<Place> = Vec::new();
        let (mut envelope, mut fault, mut result) = (false, false, None);
        loop {
            // The parser's own error is dropped: it quotes what it read.
            let (namespace, event) = reader.read_resolved_event().map_err(|_| MalformedAnswer::NotWellFormed)?;
            let here = path.last().copied();
            match event {
                Event::Start(start) => {
                    let place = Place::child(here, &namespace, start.local_name());
                    match (here, place) {
                        (None, _) if envelope => return Err(MalformedAnswer::NotWellFormed),
                        (None, Place::Envelope) => envelope = true,
                        (None, _) => return Err(MalformedAnswer::NotSoap),
                        (Some(Place::IsError), _) => return Err(MalformedAnswer::Unreadable("IsError")),
                        (Some(Place::Code), _) => return Err(MalformedAnswer::Unreadable("Code")),
                        (Some(Place::Desc), _) => return Err(MalformedAnswer::Unreadable("Desc")),
                        (_, Place::Fault) => fault = true,
                        (_, Place::Result) => once(&mut result, CardResult::default(), "CheckCardByLaserResult")?,
                        _ => {}
                    }
                    if let Some((field, name)) = field(&mut result, place) {
                        once(field, String::new(), name)?;
                    }
                    path.push(place);
                }
                Event::End(_) => {
                    path.pop();
                }
                Event::Text(text) => push(&mut result, here, &text.xml10_content())?,
                Event::CData(text) => push(&mut result, here, &text.xml10_content())?,
                Event::GeneralRef(reference) => push(&mut result, here, &resolve(&reference)?)?,
                Event::DocType(_) => return Err(MalformedAnswer::DocumentType),
                Event::Eof => break,
                Event::Empty(_) | Event::Comment(_) | Event::Decl(_) | Event::PI(_) => {}
            }
        }
        match result {
            _ if !path.is_empty() => Err(MalformedAnswer::NotWellFormed),
            _ if !envelope => Err(MalformedAnswer::NotSoap),
            // A fault stands alone in its body; with a result beside it neither is believed, and a fault is retryable.
            _ if fault => Ok(Self::Fault),
            Some(result) => Ok(Self::Result(result)),
            None => Err(MalformedAnswer::Missing("CheckCardByLaserResult")),
        }
    }
}

fn once<T>(slot: &mut Option<T>, value: T, name: &'static str) -> Result<(), MalformedAnswer> {
    match slot.replace(value) {
        None => Ok(()),
        Some(_) => Err(MalformedAnswer::Repeated(name)),
    }
}

/// The field that a place fills.
fn field(result: &mut Option<CardResult>, place: Place) -> Option<(&mut Option<String>, &'static str)> {
    let result = result.as_mut()?;
    match place {
        Place::IsError => Some((&mut result.is_error, "IsError")),
        Place::Code => Some((&mut result.code, "Code")),
        Place::Desc => Some((&mut result.desc, "Desc")),
        _ => None,
    }
}

fn push(result: &mut Option<CardResult>, here: Option<Place>, text: &str) -> Result<(), MalformedAnswer> {
    let Some(place) = here else {
        // Text outside of the root element is white space, or the document is not XML.
        return if text.trim().is_empty() { Ok(()) } else { Err(MalformedAnswer::NotWellFormed) };
    };
    if let Some((Some(value), _)) = field(result, place) {
        value.push_str(text);
    }
    Ok(())
}

/// A character reference or one of XML's five entities. There are no others without a document type.
fn resolve(reference: &BytesRef<'_>) -> Result<String, MalformedAnswer> {
    match reference.resolve_char_ref() {
        Ok(Some(character)) => Ok(character.into()),
        Ok(None) => resolve_xml_entity(reference).map(str::to_owned).ok_or(MalformedAnswer::DocumentType),
        Err(_) => Err(MalformedAnswer::NotWellFormed),
    }
}

#[cfg(test)]
mod tests;
