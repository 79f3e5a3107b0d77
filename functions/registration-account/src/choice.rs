//! What was chosen at step 3, parsed: the names must be those of step 2, the password must pass the policy.

use domain::{
    identity::Identity,
    language::Text,
    name::{Name, NamePart},
    password::{Password, PasswordContext, PasswordPolicy},
    reason::Reason,
    username::Username,
};
use web::{Fields, Problem};

/// Username and password, both acceptable.
pub(crate) struct Choice {
    pub(crate) username: Username,
    pub(crate) password: Password,
}

impl Choice {
    pub(crate) fn parse(mut fields: Fields, identity: &Identity, policy: PasswordPolicy) -> Result<Self, Problem> {
        let names =
            [("first_name", NamePart::First, &identity.first_name), ("last_name", NamePart::Last, &identity.last_name)];
        for (field, part, name) in names {
            if fields.name(field, part).is_some_and(|sent| sent != *name) {
                fields.note(field, &NotTheConfirmedName);
            }
        }
        let username: Option<Username> = fields.required("username");
        let names = [Some(&identity.first_name), identity.middle_name.as_ref(), Some(&identity.last_name)];
        let context = PasswordContext {
            username: username.as_ref(),
            names: names.into_iter().flatten().map(Name::expose).collect(),
        };
        let password = web::new_password(&mut fields, policy, &context);
        fields.finish()?;
        let (username, password) = username.zip(password).ok_or(Problem::Internal)?;
        Ok(Self { username, password })
    }
}

struct NotTheConfirmedName;

impl Reason for NotTheConfirmedName {
    fn code(&self) -> &'static str {
        "not_the_confirmed_name"
    }

    fn text(&self) -> Text {
        Text {
            th: "ชื่อต้องตรงกับที่พิสูจน์ตัวตนไว้ หากต้องการแก้ไข กรุณากลับไปขั้นตอนพิสูจน์ตัวตน",
            en: "The name must be the one you proved. To change it, go back to identity proofing",
        }
    }
}
