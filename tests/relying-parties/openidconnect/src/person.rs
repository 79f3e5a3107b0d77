//! The people who sign in, at PEOPLE.

use openidconnect::{reqwest::blocking::Client, url::Url};
use serde_json::{Value, json};

use crate::Failure;

pub struct Person<'a> {
    people: &'a str,
    http: &'a Client,
    told: Value,
}

impl<'a> Person<'a> {
    pub fn registered(http: &'a Client, people: &'a str) -> Result<Self, Failure> {
        let told = http.post(format!("{people}/people")).send()?.error_for_status()?.text()?;
        Ok(Self { people, http, told: serde_json::from_str(&told)? })
    }

    /// What a relying party may learn of them.
    pub fn claim(&self, name: &str) -> Option<&str> {
        self.told[name].as_str()
    }

    /// Where an address leads them at the relying party.
    pub fn answers(&self, address: &Url, until: &str) -> Result<Url, Failure> {
        let visit = format!("{}/people/{}/visit", self.people, self.claim("id").unwrap_or_default());
        let asked = json!({ "address": address.as_str(), "until": until }).to_string();
        let told: Value = serde_json::from_str(&self.http.post(visit).body(asked).send()?.text()?)?;
        match told["address"].as_str() {
            Some(led) if led.starts_with(until) => Ok(led.parse()?),
            _ => Err(format!("not led to {until}: {told}").into()),
        }
    }
}
