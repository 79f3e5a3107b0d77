//! The ARNs of an algorithm's keys, as the template gives them: in any order, since rows decide the roles.

use std::str::FromStr;

/// Three keys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyArns([String; 3]);

/// Not three different ARNs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("three key ARNs, separated by commas")]
pub struct ArnsError;

impl KeyArns {
    /// The three.
    pub const fn as_array(&self) -> &[String; 3] {
        &self.0
    }
}

/// Aliases are refused: one could come to mean another key.
impl FromStr for KeyArns {
    type Err = ArnsError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let arns: Vec<String> = text.split(',').map(|arn| arn.trim().to_owned()).collect();
        let keys = arns.iter().all(|arn| arn.starts_with("arn:") && arn.contains(":key/"));
        match <[String; 3]>::try_from(arns) {
            Ok([a, b, c]) if keys && a != b && b != c && a != c => Ok(Self([a, b, c])),
            _ => Err(ArnsError),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_keys_and_no_alias() {
        let arn = |name: &str| format!("arn:aws:kms:ap-southeast-1:000000000000:key/{name}");
        let three: KeyArns = [arn("a"), arn("b"), arn("c")].join(", ").parse().unwrap();
        assert_eq!(three.as_array(), &[arn("a"), arn("b"), arn("c")]);
        let alias = "arn:aws:kms:ap-southeast-1:000000000000:alias/c".to_owned();
        for wrong in
            [vec![], vec![arn("a"), arn("b")], vec![arn("a"), arn("b"), arn("a")], vec![arn("a"), arn("b"), alias]]
        {
            assert_eq!(wrong.join(",").parse::<KeyArns>(), Err(ArnsError), "{wrong:?}");
        }
    }
}
