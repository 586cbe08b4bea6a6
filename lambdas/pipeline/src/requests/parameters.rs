use serde_json::{Map, Value};

use super::InvalidRequest;
use super::body::Body;

/// What a signature in the query begins with: API Gateway has checked it, and passes it on.
const SIGNATURE: &str = "X-Amz-";

/// What a request without a body says: in the variable parts of its path, and in its query.
pub struct Parameters(pub(super) Body);

impl Parameters {
    /// Takes names with their values, decoded.
    ///
    /// # Errors
    /// A name comes twice: there is no telling which value is meant.
    pub fn new<'a>(pairs: impl IntoIterator<Item = (&'a str, &'a str)>) -> Result<Self, InvalidRequest> {
        let mut fields = Map::new();
        for (name, value) in pairs {
            if name.starts_with(SIGNATURE) {
                continue;
            }
            if fields.insert(name.to_owned(), Value::from(value)).is_some() {
                return Err(InvalidRequest::field(name, "is given twice"));
            }
        }
        Ok(Self(Body::of(fields)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_parameter_that_comes_twice_is_refused() {
        let error = Parameters::new([("status", "STORED"), ("SellerId", "A3"), ("status", "FAILED")]).err();
        assert_eq!(error.expect("ambiguous").field.as_deref(), Some("status"));
    }

    #[test]
    fn a_signature_in_the_query_is_no_unknown_parameter() {
        let Ok(Parameters(fields)) =
            Parameters::new([("X-Amz-Signature", "0f"), ("X-Amz-Date", "20261122T050000Z")])
        else {
            panic!("refused");
        };
        assert_eq!(fields.finish(), Ok(()));
    }
}
