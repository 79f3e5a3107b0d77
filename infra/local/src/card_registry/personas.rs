//! Who lives in the simulated registry, and what it answers about them.

use std::time::Duration;

use hyper::StatusCode;

use super::soap::CardRequest;

/// A citizen ID that always gets its own answer, whatever the other details are.
#[derive(Clone, Copy, Debug)]
pub struct Persona {
    /// 13 digits with a valid check digit. No district has the code 0000, so that (but for the service's own example)
    /// none of them can be anybody's.
    pub citizen_id: &'static str,
    /// What it is there to show, in one line.
    pub shows: &'static str,
    /// What the registry does.
    pub answer: SimulatedAnswer,
}

/// What the simulated registry does with a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SimulatedAnswer {
    /// Answers at once.
    Result(CardResult),
    /// Answers after a while.
    Late(Duration, CardResult),
    /// Answers with an HTTP status and no result.
    Status(StatusCode),
    /// Drops the connection without an answer.
    Dropped,
    /// Drops the connection of every first request and answers every second one.
    DroppedFirst(CardResult),
}

/// `CheckCardByLaserResult`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CardResult {
    /// `IsError`; the code is left out then.
    pub is_error: bool,
    /// `Code`
    pub code: u8,
    /// `Desc`, or `ErrorMessage` where `is_error`.
    pub desc: &'static str,
}

const fn code(code: u8, desc: &'static str) -> CardResult {
    CardResult { is_error: false, code, desc }
}

const GOOD: CardResult = code(0, "สถานะปกติ");
const NOT_THE_LASER: CardResult = code(4, "สถานะไม่ปกติ => ไม่พบเลข Laser จาก PID นี้");
const NOT_THE_PERSON: CardResult = code(4, "สถานะไม่ปกติ => ข้อมูลไม่ตรง");
const INCOMPLETE: CardResult = code(5, "ข้อมูลที่ใช้ในการตรวจสอบไม่ครบ");
const BROKEN: CardResult = CardResult {
    is_error: true, code: 0, desc: "ไม่สามารถเชื่อมต่อฐานข้อมูลได้"
};

/// Longer than a client waits, over all its tries (7 s by default).
const TOO_LATE: Duration = Duration::from_secs(10);
/// Felt by the person, and well within one try (3 s by default).
const SLOW: Duration = Duration::from_millis(1500);

/// Everybody whose answer is not simply "card is good".
pub const PERSONAS: &[Persona] = &[
    Persona {
        citizen_id: "1234567890121",
        shows: "a good card (code 0), like everybody not in this table",
        answer: SimulatedAnswer::Result(GOOD),
    },
    Persona {
        citizen_id: "1000000000017",
        shows: "code 1: the chip's status is not normal",
        answer: SimulatedAnswer::Result(code(1, "สถานะไม่ปกติ")),
    },
    Persona {
        citizen_id: "1000000000025",
        shows: "code 2: the card is expired or replaced",
        answer: SimulatedAnswer::Result(code(2, "บัตรสิ้นสภาพการใช้งาน")),
    },
    Persona {
        citizen_id: "1000000000041",
        shows: "code 4: the laser code does not belong to the citizen ID",
        answer: SimulatedAnswer::Result(NOT_THE_LASER),
    },
    Persona {
        citizen_id: "1000000000149",
        shows: "code 4: a name or the birth date differs",
        answer: SimulatedAnswer::Result(NOT_THE_PERSON),
    },
    Persona {
        citizen_id: "1000000000246",
        shows: "code 4: nobody has this citizen ID",
        answer: SimulatedAnswer::Result(NOT_THE_PERSON),
    },
    Persona {
        citizen_id: "1000000000050",
        shows: "code 5: the request is incomplete, our fault and no verdict",
        answer: SimulatedAnswer::Result(INCOMPLETE),
    },
    Persona {
        citizen_id: "1000000000068",
        shows: "IsError=true: the registry has an error of its own",
        answer: SimulatedAnswer::Result(BROKEN),
    },
    Persona {
        citizen_id: "1000000000505",
        shows: "HTTP 500",
        answer: SimulatedAnswer::Status(StatusCode::INTERNAL_SERVER_ERROR),
    },
    Persona {
        citizen_id: "1000000000513",
        shows: "an outage: the connection is dropped",
        answer: SimulatedAnswer::Dropped,
    },
    Persona {
        citizen_id: "1000000000521",
        shows: "a time-out: the answer takes 10 s, longer than the client waits",
        answer: SimulatedAnswer::Late(TOO_LATE, GOOD),
    },
    Persona {
        citizen_id: "1000000000530",
        shows: "slow but good: the answer takes 1.5 s",
        answer: SimulatedAnswer::Late(SLOW, GOOD),
    },
    Persona {
        citizen_id: "1000000000548",
        shows: "fails once, then good: the connection of every first request is dropped",
        answer: SimulatedAnswer::DroppedFirst(GOOD),
    },
];

/// What the registry does with a request's body. Code 5 where it is no `CheckCardByLaser` or a detail is missing or misshapen.
pub fn answer(request_body: &str) -> SimulatedAnswer {
    let Some(request) = CardRequest::read(request_body) else {
        return SimulatedAnswer::Result(INCOMPLETE);
    };
    match PERSONAS.iter().find(|persona| persona.citizen_id == request.citizen_id) {
        Some(persona) => persona.answer,
        None if is_complete(&request) => SimulatedAnswer::Result(GOOD),
        None => SimulatedAnswer::Result(INCOMPLETE),
    }
}

/// The interface's own shapes, read here a second time and not taken from our types: a client that sends something else is
/// to be found out.
fn is_complete(request: &CardRequest) -> bool {
    let digits = |text: &str, length| text.len() == length && text.bytes().all(|byte| byte.is_ascii_digit());
    let laser_code = request
        .laser_code
        .split_at_checked(2)
        .is_some_and(|(letters, rest)| letters.bytes().all(|byte| byte.is_ascii_uppercase()) && digits(rest, 10));
    digits(&request.citizen_id, 13)
        && digits(&request.birth_day, 8)
        && laser_code
        && !request.first_name.trim().is_empty()
        && !request.last_name.trim().is_empty()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::{super::soap::tests::request, *};

    #[test]
    fn every_persona_could_be_typed_into_the_form() {
        for Persona { citizen_id, .. } in PERSONAS {
            let digits: Vec<u32> = citizen_id.chars().map(|digit| digit.to_digit(10).unwrap()).collect();
            assert_eq!(digits.len(), 13, "{citizen_id}");
            let sum: u32 = digits[..12].iter().zip((2..=13).rev()).map(|(digit, weight)| digit * weight).sum();
            assert_eq!((11 - sum % 11) % 10, digits[12], "{citizen_id}");
        }
        let different: BTreeSet<_> = PERSONAS.iter().map(|persona| persona.citizen_id).collect();
        assert_eq!(different.len(), PERSONAS.len());
    }

    #[test]
    fn a_persona_is_answered_whatever_else_is_sent() {
        for persona in PERSONAS {
            assert_eq!(answer(&request(persona.citizen_id, "x", "", "y", "")), persona.answer, "{}", persona.shows);
        }
    }

    #[test]
    fn everybody_else_is_good_if_complete() {
        let good = SimulatedAnswer::Result(GOOD);
        let incomplete = SimulatedAnswer::Result(INCOMPLETE);
        let id = "1112034563562";
        assert_eq!(answer(&request(id, "สมชาย", "ใจดี", "25380000", "JT1234567890")), good);
        for body in [
            request("", "สมชาย", "ใจดี", "25380000", "JT1234567890"),
            request("1-1120-34563-56-2", "สมชาย", "ใจดี", "25380000", "JT1234567890"),
            request("๑๑๑๒๐๓๔๕๖๓๕๖๒", "สมชาย", "ใจดี", "25380000", "JT1234567890"),
            request(id, " ", "ใจดี", "25380000", "JT1234567890"),
            request(id, "สมชาย", "", "25380000", "JT1234567890"),
            request(id, "สมชาย", "ใจดี", "1995-12-31", "JT1234567890"),
            request(id, "สมชาย", "ใจดี", "25380000", "jt1234567890"),
            request(id, "สมชาย", "ใจดี", "25380000", "JT123456789"),
            request(id, "สมชาย", "ใจดี", "25380000", "JTก234567890"),
            request(id, "สมชาย", "ใจดี", "25380000", ""),
        ] {
            assert_eq!(answer(&body), incomplete, "{body}");
        }
    }
}
