//! How values are written to and read from Amazon.

use std::fmt::Display;

use jiff::Timestamp;
use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::ids::Written;

/// A time as Amazon's own samples are written; its sandbox compares texts.
pub(crate) fn write_time(time: Timestamp) -> String {
    format!("{time:.3}")
}

/// [`write_time`] for fields that may be absent.
pub(crate) fn with_milliseconds<S: Serializer>(
    time: &Option<Timestamp>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    time.map(write_time).serialize(serializer)
}

/// What a list is in a query: one text with commas, the models' `csv` format.
pub(crate) fn comma_list<'a>(texts: impl IntoIterator<Item = &'a str>) -> String {
    texts.into_iter().collect::<Vec<_>>().join(",")
}

/// An identifier that is not there may also be `null` or an empty text.
pub(crate) fn absent_if_empty<'de, D: Deserializer<'de>, Id: TryFrom<String, Error: Display>>(
    deserializer: D,
) -> Result<Option<Id>, D::Error> {
    Option::<Written>::deserialize(deserializer)?
        .map(Written::into_text)
        .filter(|text| !text.is_empty())
        .map(|text| Id::try_from(text).map_err(D::Error::custom))
        .transpose()
}

/// A list or map that is not there may also be `null`.
pub(crate) fn or_default<'de, D: Deserializer<'de>, T: Deserialize<'de> + Default>(
    deserializer: D,
) -> Result<T, D::Error> {
    Option::deserialize(deserializer).map(Option::unwrap_or_default)
}
