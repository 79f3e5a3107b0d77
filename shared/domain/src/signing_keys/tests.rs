use super::*;

fn at(hours: i64) -> Timestamp {
    "2026-11-24T08:00:00Z".parse::<Timestamp>().unwrap() + SignedDuration::from_hours(hours)
}

fn key(name: &str) -> NewKey {
    let jwk = PublicJwk::from([("kid".to_owned(), name.to_owned())]);
    NewKey { arn: format!("arn:{name}"), kid: name.to_owned(), jwk }
}

fn ring() -> KeyRing {
    KeyRing::begin(["a", "b", "c"].map(key), at(0))
}

/// current, next, retiring
fn roles(ring: &KeyRing) -> String {
    ring.every().map(|key| key.kid.as_str()).join(" ")
}

#[test]
fn three_rotations_lead_back() {
    let mut turning = ring();
    for (day, expected) in [(1, "b c a"), (2, "c a b"), (3, "a b c")] {
        turning = turning.rotate(at(24 * day), None).unwrap();
        assert_eq!(roles(&turning), expected);
        assert!(turning.every().iter().all(|key| key.since == at(24 * day)));
    }
}

#[test]
fn a_key_is_published_a_day_before_it_signs() {
    assert_eq!(ring().rotate(at(23), None), Err(RotationRefused::NextTooNew(at(24))));
    let last_moment = at(24) - SignedDuration::from_nanos(1);
    assert!(ring().rotate(last_moment, None).is_err());
    assert!(ring().rotate(at(24), None).is_ok());
    let turned = ring().rotate(at(24), None).unwrap();
    assert_eq!(turned.rotate(at(30), None), Err(RotationRefused::NextTooNew(at(48))));
}

#[test]
fn an_emergency_does_not_wait_but_never_brings_the_bad_key_back() {
    let published = |ring: &KeyRing| ring.published().map(|key| key.kid.clone()).collect::<Vec<_>>().join(" ");
    let turned = ring().rotate(at(0), Some("a")).unwrap();
    assert_eq!((roles(&turned).as_str(), published(&turned).as_str()), ("b c a", "b c"));
    assert_eq!(turned.find("a"), None, "what it signed is worth nothing");
    assert_eq!(turned.clone().rotate(at(1), Some("a")), Err(RotationRefused::NotCurrent), "the order sent twice");
    let twice = turned.rotate(at(0), Some("b")).unwrap();
    assert_eq!((roles(&twice).as_str(), published(&twice).as_str()), ("c a b", "c"));
    assert_eq!(twice.clone().rotate(at(72), Some("c")), Err(RotationRefused::NextDistrusted));
    assert_eq!(twice.rotate(at(72), None), Err(RotationRefused::NextDistrusted));
}

#[test]
fn a_distrusted_key_inherits_nothing() {
    let turned = ring().rotate(at(0), Some("a")).unwrap().rotate(at(0), Some("b")).unwrap();
    let adopted = turned.adopt(["a", "b", "d"].map(key), at(1));
    assert_eq!(adopted.current().kid, "d", "the template lost c, and a and b were turned away");
    assert_eq!(roles(&turned.adopt(["c", "d", "b"].map(key), at(1))), "c d b");
}

#[test]
fn a_rotation_waits_until_the_last_token_of_the_key_before_is_over() {
    let turned = ring().rotate(at(24), None).unwrap();
    let fresh = KeyRing { next: SigningKey { since: at(0), ..turned.next.clone() }, ..turned };
    let over = at(24) + LAST_TOKEN;
    assert_eq!(
        fresh.clone().rotate(over - SignedDuration::from_nanos(1), None),
        Err(RotationRefused::RetiringTooNew(over))
    );
    assert!(fresh.rotate(over, None).is_ok());
}

#[test]
fn a_key_is_found_by_its_kid_whatever_its_role() {
    let ring = ring();
    assert_eq!(ring.current().kid, "a");
    for kid in ["a", "b", "c"] {
        assert_eq!(ring.find(kid).map(|key| key.kid.as_str()), Some(kid));
    }
    assert_eq!(ring.find("d"), None);
}

#[test]
fn a_replaced_key_takes_the_free_role_and_never_signs_at_once() {
    for (keys, expected) in [
        (["a", "b", "c"], "a b c"),
        (["c", "a", "b"], "a b c"),
        (["a", "b", "d"], "a b d"),
        (["a", "d", "c"], "a d c"),
        (["d", "b", "c"], "b d c"),
        (["d", "e", "c"], "c d e"),
        (["d", "b", "e"], "b d e"),
        (["a", "d", "e"], "a d e"),
    ] {
        let adopted = ring().adopt(keys.map(key), at(9));
        assert_eq!(roles(&adopted), expected, "{keys:?}");
        for new in adopted.every().into_iter().filter(|key| ring().find(&key.kid).is_none()) {
            assert_eq!(new.since, at(9), "its day begins now: {keys:?}");
        }
        let arns = keys.map(|name| format!("arn:{name}"));
        assert_eq!(adopted.strangers(&arns), 0, "{keys:?}");
    }
    let arns = ["a", "b", "d"].map(|name| format!("arn:{name}"));
    assert_eq!(ring().strangers(&arns), 1);
}

#[test]
fn a_row_without_one_key_in_each_role_is_no_ring() {
    let mut keys: Vec<SigningKey> = ring().into();
    assert_eq!(KeyRing::try_from(keys.clone()), Ok(ring()));
    keys[1].role = Role::Current;
    assert_eq!(KeyRing::try_from(keys.clone()), Err(KeyRingError));
    keys.pop();
    assert_eq!(KeyRing::try_from(keys), Err(KeyRingError));
    let json = serde_json::to_value(ring()).unwrap();
    assert_eq!(json[0]["role"], "current");
    assert_eq!(serde_json::from_value::<KeyRing>(json).unwrap(), ring());
}

#[test]
fn an_algorithm_is_written_as_jose_has_it() {
    for algorithm in Algorithm::EVERY {
        assert_eq!(algorithm.to_string().parse(), Ok(algorithm));
        assert_eq!(serde_json::to_value(algorithm).unwrap(), algorithm.as_str());
    }
    assert_eq!("none".parse::<Algorithm>(), Err(AlgorithmError));
}
