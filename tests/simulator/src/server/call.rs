//! One call of an SP-API operation, after authorization.

use std::sync::Arc;

use axum::http::Uri;
use axum::response::Response;
use bytes::Bytes;
use serde_json::{Map, Value};
use sp_api::RegionCode;

use crate::errors::ApiError;
use crate::fields;
use crate::tokens::Grant;
use crate::world::World;

/// What an operation answers.
pub(crate) type Answer = Result<Response, ApiError>;

/// A call that has passed authorization and its quota.
pub(crate) struct Call<'a> {
    pub(crate) world: &'a Arc<World>,
    pub(crate) region: RegionCode,
    pub(crate) grant: Grant,
    /// The selling partner; empty for grantless operations.
    pub(crate) seller_id: String,
    pub(crate) parameters: Vec<String>,
    pub(crate) query: Query,
    pub(crate) body: Bytes,
}

impl Call<'_> {
    /// A variable part of the path, counted from the left.
    pub(crate) fn parameter(&self, index: usize) -> &str {
        self.parameters.get(index).map_or("", String::as_str)
    }

    /// The body, which has to be one JSON object.
    pub(crate) fn object(&self) -> Result<Map<String, Value>, ApiError> {
        if self.body.is_empty() {
            return Err(ApiError::invalid_input("The request body is missing."));
        }
        Ok(fields::parse_object(&self.body)?)
    }
}

/// A query string.
#[derive(Clone, Debug, Default)]
pub(crate) struct Query(Vec<(String, String)>);

impl Query {
    pub(crate) fn parse(uri: &Uri) -> Self {
        let pairs = axum::extract::Query::<Vec<(String, String)>>::try_from_uri(uri);
        Self(pairs.map(|pairs| pairs.0).unwrap_or_default())
    }

    /// The names of the parameters that are there.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|(name, _)| name.as_str())
    }

    /// A parameter that may stand there once.
    pub(crate) fn one(&self, name: &str) -> Result<Option<&str>, ApiError> {
        let mut values = self
            .0
            .iter()
            .filter(|(known, _)| known == name)
            .map(|(_, value)| value.as_str());
        let value = values.next();
        if values.next().is_some() {
            return Err(ApiError::invalid_input(&format!(
                "{name} is given more than once"
            )));
        }
        Ok(value)
    }

    /// A parameter that lists between one and `most` values with commas: the models' `csv` format.
    pub(crate) fn list(&self, name: &str, most: usize) -> Result<Option<Vec<String>>, ApiError> {
        let Some(value) = self.one(name)? else {
            return Ok(None);
        };
        let values = value.split(',').map(str::to_owned).collect::<Vec<_>>();
        if values.len() > most || values.iter().any(String::is_empty) {
            return Err(ApiError::invalid_input(&format!(
                "{name} must list 1 to {most} values"
            )));
        }
        Ok(Some(values))
    }
}
