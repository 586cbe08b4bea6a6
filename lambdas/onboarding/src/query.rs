use lambda_http::aws_lambda_events::query_map::QueryMap;

/// What stands behind the question mark, decoded: each name with its only value.
#[derive(Debug, Default)]
pub struct Query(Vec<(String, String)>);

impl Query {
    /// Takes a request's parameters. A name that comes twice has no value: there is no telling which is meant.
    pub fn of(parameters: &QueryMap) -> Self {
        Self::new(parameters.iter())
    }

    fn new<'a>(pairs: impl Iterator<Item = (&'a str, &'a str)>) -> Self {
        Self(
            pairs
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .collect(),
        )
    }

    /// The value of a parameter; `None` if there is none, or it is empty.
    pub fn one(&self, name: &str) -> Option<&str> {
        let mut values = self.0.iter().filter(|(known, _)| known == name);
        let (_, value) = values.next()?;
        (values.next().is_none() && !value.is_empty()).then_some(value)
    }
}

#[cfg(test)]
impl<const N: usize> From<[(&str, &str); N]> for Query {
    fn from(pairs: [(&str, &str); N]) -> Self {
        Self::new(pairs.into_iter())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_comes_twice_has_no_value() {
        let query = Query::from([("a", "1"), ("b", "2"), ("b", "2"), ("c", "")]);
        assert_eq!(query.one("a"), Some("1"));
        for name in ["b", "c", "d"] {
            assert_eq!(query.one(name), None, "{name}");
        }
    }
}
