use proptest::prelude::*;

use super::*;

const POLICY: PasswordPolicy = PasswordPolicy { minimum: 12 };

fn accept(text: &str) -> Result<Password, PasswordError> {
    let username: Username = "somchai.j".parse().unwrap();
    POLICY.accept(text, &PasswordContext { username: Some(&username), names: vec!["สมชาย", "Jaidee"] })
}

fn refusal(text: &str) -> Option<PasswordError> {
    accept(text).err()
}

#[test]
fn any_script_any_character_and_up_to_128_code_points_are_accepted() {
    let long: String = "ช้างม้าวัวควายหมูเห็ดเป็ดไก่ กุ้งหอยปูปลา ".chars().cycle().take(128).collect();
    for good in [
        "ventral-omen-quilt-7",
        "a phrase with spaces, and a comma",
        "มะม่วงสุกงอมริมคลอง",
        "🐘🍜🛶🌧🥭🐓🦎🪷🚲🏮🎐🧧",
        "nul\0nul-veranda-tin",
        "  leading and trailing quartz  ",
        &long,
    ] {
        assert_eq!(refusal(good), None, "{good}");
        assert_eq!(accept(good).unwrap().expose(), good.nfc().collect::<String>());
    }
}

#[test]
fn length_is_counted_in_code_points_and_nothing_is_cut_off() {
    assert_eq!(refusal(""), Some(PasswordError::Required));
    assert_eq!(refusal("kq7-vz2xwp9"), Some(PasswordError::TooShort { minimum: 12 }));
    assert_eq!(refusal("kq7-vz2xwp9j"), None);
    let long: String = "kq7-vz2xwp9j รถไฟ".chars().cycle().take(129).collect();
    assert_eq!(refusal(&long), Some(PasswordError::TooLong));
    let other: String = long.chars().take(127).chain(['x']).collect();
    assert_ne!(accept(&other).unwrap().expose(), long.chars().take(128).collect::<String>());
    let strict = PasswordPolicy { minimum: 15 };
    let refused = strict.accept("kq7-vz2xwp9jhb", &PasswordContext::default()).unwrap_err();
    assert_eq!(refused, PasswordError::TooShort { minimum: 15 });
    assert!(refused.text().en.contains("15"));
}

#[test]
fn the_same_password_from_another_keyboard_is_the_same() {
    let composed: Password = "crème brûlée à minuit".parse().unwrap();
    let decomposed: Password = "cre\u{300}me bru\u{302}le\u{301}e a\u{300} minuit".parse().unwrap();
    assert_eq!(composed.expose(), decomposed.expose());
    let other_case: Password = "Crème brûlée à minuit".parse().unwrap();
    assert_ne!(composed.expose(), other_case.expose());
}

#[test]
fn what_others_know_is_refused() {
    for (text, error) in [
        ("somchai.j-quartz-omen", PasswordError::Username),
        ("quartzSOMCHAI.Jomen", PasswordError::Username),
        ("1112034563562", PasswordError::CitizenId),
        ("1-2345-67890-12-1", PasswordError::CitizenId),
        ("๑๒๓๔๕๖๗๘๙๐๑๒๑", PasswordError::CitizenId),
        ("081-234-5678", PasswordError::MobileNumber),
        ("+66812345678", PasswordError::MobileNumber),
        ("correcthorsebatterystaple", PasswordError::Breached),
        ("CorrectHorseBatteryStaple", PasswordError::Breached),
        ("1q2w3e4r5t6y", PasswordError::Breached),
    ] {
        assert_eq!(refusal(text), Some(error), "{text}");
    }
}

#[test]
fn what_is_easily_guessed_is_refused() {
    for text in [
        &"a".repeat(128),
        &"ab".repeat(40),
        "qwertyuiopasdfghjkl;",
        "๑๒๓๔๕๖๗๘๙๐๑๒๓",
        "thailand20201",
        "digitalid1234",
        "jaideejaidee",
        "สมชายสมชายสมชาย",
        "Passw0rd!!!!",
    ] {
        let refused = refusal(text);
        assert!(matches!(refused, Some(PasswordError::Guessable | PasswordError::Breached)), "{text} {refused:?}");
    }
}

#[test]
fn the_hardest_input_for_the_estimate_is_bounded() {
    let hard: String = "4@8({[<369&#!1|0$5+7%2".chars().cycle().take(128).collect();
    assert_eq!(refusal(&hard), None);
}

#[test]
fn every_refusal_says_what_to_do_in_both_languages_and_debug_says_nothing() {
    for error in [
        PasswordError::Required,
        PasswordError::TooShort { minimum: 12 },
        PasswordError::TooShort { minimum: 20 },
        PasswordError::TooLong,
        PasswordError::Username,
        PasswordError::CitizenId,
        PasswordError::MobileNumber,
        PasswordError::Breached,
        PasswordError::Guessable,
    ] {
        assert!(
            error.text().th.contains("รหัสผ่าน") && error.text().en.contains("password")
                || error.text().en.contains("Choose")
        );
    }
    assert_eq!(format!("{:?}", accept("ventral-omen-quilt-7").unwrap()), "Password(redacted)");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn nothing_typed_makes_it_panic(text in "\\PC{0,140}|[ -~]{8,60}", name in any::<String>()) {
        let context = PasswordContext { username: None, names: vec![&name] };
        if let Ok(password) = POLICY.accept(&text, &context) {
            let length = password.expose().chars().count();
            prop_assert!((12..=128).contains(&length));
            let again: Password = password.expose().parse().unwrap();
            prop_assert_eq!(again.expose(), password.expose());
        }
    }
}
