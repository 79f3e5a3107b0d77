//! Everything that can be posted to, for what must hold at each.

use serde_json::{Value, json};

use crate::{browser::Browser, person::Person, world::World};

/// A password that somebody might change to.
const ANOTHER: &str = "เต่าทอง เดินข้ามสะพาน ตอนฝนตก";

/// An endpoint that takes a POST.
#[derive(Clone, Copy, Debug)]
pub struct Endpoint {
    /// Its path.
    pub path: &'static str,
    /// What it reads.
    pub fields: &'static [&'static str],
    /// How far somebody has come who may post there.
    reached_by: Reached,
}

#[derive(Clone, Copy, Debug)]
enum Reached {
    Nobody,
    /// After so many requests of the wizard.
    Walking(usize),
    /// In a browser not seen before, after the password.
    WaitingForCode,
    SignedIn,
}

impl Endpoint {
    /// All of them, but for the consent, which is given to a request alone, and what clients call.
    pub const EVERY: [Self; 13] = [
        Self::new("/registration/terms", &["terms_version", "consent"], Reached::Nobody),
        Self::new(
            "/registration/identity",
            &["method", "citizen_id", "first_name", "middle_name", "last_name", "birth_date", "laser_code"],
            Reached::Walking(1),
        ),
        Self::new(
            "/registration/account",
            &["first_name", "last_name", "username", "password", "password_confirmation"],
            Reached::Walking(2),
        ),
        Self::new("/registration/mobile", &["mobile_number"], Reached::Walking(3)),
        Self::new("/registration/otp", &["code"], Reached::Walking(4)),
        Self::new("/registration/review", &["confirm"], Reached::Walking(5)),
        Self::new("/registration/cancel", &[], Reached::Walking(5)),
        Self::new("/registration/extend", &[], Reached::Walking(5)),
        Self::new("/sign-in", &["username", "password"], Reached::Nobody),
        Self::new("/sign-in/otp", &["code"], Reached::WaitingForCode),
        Self::new("/account/sessions", &["end"], Reached::SignedIn),
        Self::new("/account/password", &["current_password", "password", "password_confirmation"], Reached::SignedIn),
        Self::new("/account/sign-out", &["confirm"], Reached::SignedIn),
    ];

    const fn new(path: &'static str, fields: &'static [&'static str], reached_by: Reached) -> Self {
        Self { path, fields, reached_by }
    }

    /// A browser that may post there.
    pub async fn reach<'a>(&self, world: &'a World, person: &Person) -> Browser<'a> {
        let browser = world.browser();
        match self.reached_by {
            Reached::Nobody => {}
            Reached::Walking(requests) => drop(browser.walk(person, requests).await),
            Reached::WaitingForCode => {
                world.browser().walk(person, 6).await;
                browser.sign_in(person).await;
            }
            Reached::SignedIn => {
                browser.walk(person, 6).await;
                browser.sign_in(person).await;
            }
        }
        browser
    }

    /// What is well posted there.
    pub fn body(&self, world: &World, person: &Person) -> Value {
        match self.path {
            "/registration/terms" => json!({ "terms_version": "2026-11-01", "consent": "accept" }),
            "/registration/identity" => person.identity(),
            "/registration/account" => person.account(),
            "/registration/mobile" => json!({ "mobile_number": person.mobile_number }),
            "/registration/otp" => json!({ "code": "000000" }),
            "/sign-in/otp" => json!({ "code": world.code_sent_to(&person.e164()) }),
            "/sign-in" => json!({ "username": person.username, "password": person.password }),
            "/account/sessions" => json!({ "end": "all" }),
            "/account/password" => json!({
                "current_password": person.password, "password": ANOTHER, "password_confirmation": ANOTHER,
                "end_others": "yes",
            }),
            _ => json!({ "confirm": "yes" }),
        }
    }
}
