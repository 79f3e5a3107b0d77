//! What AWS says when a role may not do something, as far as it may be logged.
//!
//! Without the action a refused permission looks like an outage, and whoever is on call looks in the wrong place. The
//! rest of the message stays out: the resource of a text message is the phone number it was for.

/// An error's code; behind it, where IAM refused something, the action and the resource, if that has an ARN.
pub fn told(code: &str, message: Option<&str>) -> String {
    match message.and_then(denied) {
        Some((action, Some(resource))) => format!("{code}: not authorized to perform: {action} on {resource}"),
        Some((action, None)) => format!("{code}: not authorized to perform: {action}"),
        None => code.to_owned(),
    }
}

/// `User: ARN is not authorized to perform: ACTION on resource: RESOURCE because ...`: IAM's own words, the same
/// whichever service is asked.
fn denied(message: &str) -> Option<(&str, Option<&str>)> {
    let (_, denied) = message.split_once(" is not authorized to perform: ")?;
    let mut words = denied.split_whitespace();
    let action = words.next().filter(|action| is_action(action))?;
    let resource = denied.split_once(" on resource: ").and_then(|(_, after)| after.split_whitespace().next());
    Some((action, resource.filter(|resource| is_arn(resource))))
}

fn is_action(text: &str) -> bool {
    text.split_once(':').is_some_and(|(service, operation)| {
        [service, operation]
            .iter()
            .all(|part| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_alphanumeric()))
    })
}

fn is_arn(text: &str) -> bool {
    text.starts_with("arn:") && text.split(':').count() >= 6
}

#[cfg(test)]
mod tests {
    use super::told;

    const WHO: &str = "User: arn:aws:sts::123456789012:assumed-role/digital-id-sign-in/digital-id-SignIn";

    #[test]
    fn a_refused_permission_is_named_with_its_resource() {
        let table = "arn:aws:dynamodb:ap-southeast-1:123456789012:table/Accounts";
        let why = "because no identity-based policy allows the dynamodb:GetItem action";
        let message = format!("{WHO} is not authorized to perform: dynamodb:GetItem on resource: {table} {why}");
        let expected = format!("AccessDeniedException: not authorized to perform: dynamodb:GetItem on {table}");
        assert_eq!(told("AccessDeniedException", Some(&message)), expected);
    }

    #[test]
    fn a_phone_number_is_no_resource_to_tell() {
        let message = format!("{WHO} is not authorized to perform: SNS:Publish on resource: +66812345678 because ...");
        assert_eq!(
            told("AuthorizationError", Some(&message)),
            "AuthorizationError: not authorized to perform: SNS:Publish"
        );
    }

    #[test]
    fn of_any_other_error_the_code_is_all() {
        for message in [
            None,
            Some("number +66812345678 is opted out"),
            Some("x is not authorized to perform: +66812345678"),
            Some("x is not authorized to perform: "),
        ] {
            assert_eq!(told("ThrottlingException", message), "ThrottlingException", "{message:?}");
        }
    }
}
