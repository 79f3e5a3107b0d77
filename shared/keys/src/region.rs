//! A multi-region key has its id and its material in every region, and an ARN in each. What was made with it in one
//! region is checked and opened in another, where somebody had to move to (infra/region-loss.md).

use std::borrow::Cow;

use aws_sdk_kms::Client;

/// The ARN of a key in the region that is asked.
pub(crate) fn here<'a>(client: &Client, arn: &'a str) -> Cow<'a, str> {
    match client.config().region() {
        Some(region) => within(region.as_ref(), arn),
        None => Cow::Borrowed(arn),
    }
}

fn within<'a>(region: &str, arn: &'a str) -> Cow<'a, str> {
    let parts: Vec<&str> = arn.splitn(6, ':').collect();
    match parts.as_slice() {
        ["arn", partition, "kms", other, account, key] if *other != region && key.starts_with("key/mrk-") => {
            Cow::Owned(format!("arn:{partition}:kms:{region}:{account}:{key}"))
        }
        _ => Cow::Borrowed(arn),
    }
}

#[cfg(test)]
mod tests {
    use super::within;

    #[test]
    fn a_multi_region_key_is_asked_for_where_one_is() {
        let made_with = "arn:aws:kms:ap-southeast-1:123456789012:key/mrk-1234abcd12ab34cd56ef1234567890ab";
        let replica = "arn:aws:kms:ap-southeast-7:123456789012:key/mrk-1234abcd12ab34cd56ef1234567890ab";
        assert_eq!(within("ap-southeast-7", made_with), replica);
        assert_eq!(within("ap-southeast-1", made_with), made_with);
    }

    #[test]
    fn any_other_key_is_where_it_was_made() {
        for arn in [
            "arn:aws:kms:ap-southeast-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab",
            "arn:aws:kms:ap-southeast-1:123456789012:alias/mrk-1234",
            "key/mrk-1234",
        ] {
            assert_eq!(within("ap-southeast-7", arn), arn);
        }
    }
}
