//! People with well-formed papers, none of them anybody.

use serde_json::{Value, json};

/// Somebody who registers.
#[derive(Clone, Debug)]
pub struct Person {
    /// 13 digits with a valid check digit.
    pub citizen_id: String,
    /// First name.
    pub first_name: String,
    /// Last name.
    pub last_name: String,
    /// `YYYY-MM-DD`.
    pub birth_date: String,
    /// On the card's back.
    pub laser_code: String,
    /// As it is typed: 08...
    pub mobile_number: String,
    /// The username they choose.
    pub username: String,
    /// The password they choose.
    pub password: String,
}

impl Person {
    /// The `number`th person.
    pub fn new(number: u32) -> Self {
        Self {
            citizen_id: citizen_id(number),
            first_name: "สมหญิง".into(),
            last_name: "รักไทยแท้".into(),
            birth_date: "1995-03-05".into(),
            laser_code: format!("JT{number:010}"),
            mobile_number: format!("089{number:07}"),
            username: format!("somying{number}"),
            password: format!("ข้าวเหนียวมะม่วง กินกับ {number} คนแปลกหน้า"),
        }
    }

    /// The fields of step 2, by the card.
    pub fn identity(&self) -> Value {
        json!({
            "method": "id_card", "citizen_id": self.citizen_id, "first_name": self.first_name,
            "last_name": self.last_name, "birth_date": self.birth_date, "laser_code": self.laser_code,
        })
    }

    /// The fields of step 2, on one's own word.
    pub fn own_word(&self) -> Value {
        json!({
            "method": "self_asserted", "citizen_id": self.citizen_id, "first_name": self.first_name,
            "last_name": self.last_name, "birth_date": self.birth_date,
        })
    }

    /// The fields of step 3.
    pub fn account(&self) -> Value {
        json!({
            "first_name": self.first_name, "last_name": self.last_name, "username": self.username,
            "password": self.password, "password_confirmation": self.password,
        })
    }

    /// The number as it is stored and sent to.
    pub fn e164(&self) -> String {
        format!("+66{}", self.mobile_number.trim_start_matches('0'))
    }
}

/// The check digit of facts.md: (11 - (sum of d_i * (14 - i)) mod 11) mod 10.
pub fn citizen_id(number: u32) -> String {
    let digits = format!("12{number:010}");
    let sum: u32 = digits.bytes().zip((2..=13).rev()).map(|(digit, weight)| u32::from(digit - b'0') * weight).sum();
    format!("{digits}{}", (11 - sum % 11) % 10)
}
