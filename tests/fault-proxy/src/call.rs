//! Which operation of which service a request is for.

use axum::http::HeaderMap;
use axum::http::request::Parts;
use serde::Serialize;
use serde_json::Value;

/// A call of a service's operation.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub(crate) struct Call {
    /// As in signatures: `dynamodb`, `s3`, `states`, …
    pub(crate) service: String,
    /// As in the API reference: `PutItem`. A method where the request doesn't tell.
    pub(crate) operation: String,
}

impl Call {
    /// Reads a request and, of the query protocol, its form. None if it isn't signed in its
    /// headers: a link that anybody can open, or no call at all.
    pub(crate) fn of(parts: &Parts, form: &[u8]) -> Option<Self> {
        let service = service(&parts.headers)?;
        let operation = target(&parts.headers)
            .or_else(|| action(form))
            .unwrap_or_else(|| match service {
                "s3" => s3_operation(parts).to_owned(),
                _ => parts.method.to_string(),
            });
        Some(Self {
            service: service.to_owned(),
            operation,
        })
    }
}

/// An attempt of a call, as SDKs number them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Attempt {
    /// The same for all attempts of a call.
    pub(crate) invocation: String,
    /// Whether it is a call's first.
    pub(crate) is_first: bool,
}

impl Attempt {
    /// None for callers that don't say.
    pub(crate) fn of(headers: &HeaderMap) -> Option<Self> {
        let number = text(headers, "amz-sdk-request")?
            .split(';')
            .find_map(|part| part.trim().strip_prefix("attempt="))?;
        Some(Self {
            invocation: text(headers, "amz-sdk-invocation-id")?.to_owned(),
            is_first: number == "1",
        })
    }
}

/// Whether the body has to be read to know what is asked: the operation's name is in it, or tables'.
pub(crate) fn is_telling(headers: &HeaderMap) -> bool {
    is_form(headers) || service(headers) == Some("dynamodb")
}

/// Whether the operation's name is in the body.
pub(crate) fn is_form(headers: &HeaderMap) -> bool {
    text(headers, "content-type").is_some_and(|value| value.starts_with("application/x-www-form-urlencoded"))
}

/// The tables that a call of DynamoDB's works on, once for each of its items that are not read by a
/// query or a scan.
pub(crate) fn tables(body: &[u8]) -> Vec<String> {
    fn collect(value: &Value, tables: &mut Vec<String>) {
        match value {
            Value::Object(fields) => {
                for (name, value) in fields {
                    match value.as_str() {
                        Some(table) if name == "TableName" => tables.push(table.to_owned()),
                        _ => collect(value, tables),
                    }
                }
            }
            Value::Array(items) => items.iter().for_each(|item| collect(item, tables)),
            _ => {}
        }
    }
    let mut tables = Vec::new();
    collect(&serde_json::from_slice(body).unwrap_or_default(), &mut tables);
    tables
}

/// The service in `AWS4-HMAC-SHA256 Credential=AKID/20261122/us-east-1/dynamodb/aws4_request, …`.
fn service(headers: &HeaderMap) -> Option<&str> {
    let (_, rest) = text(headers, "authorization")?.split_once("Credential=")?;
    let mut scope = rest.split(',').next()?.trim().rsplit('/');
    (scope.next()? == "aws4_request").then(|| scope.next()).flatten()
}

/// The operation in `X-Amz-Target: DynamoDB_20120810.PutItem`.
fn target(headers: &HeaderMap) -> Option<String> {
    text(headers, "x-amz-target")?
        .rsplit('.')
        .next()
        .map(str::to_owned)
}

/// The operation in `Action=Publish&…`.
fn action(form: &[u8]) -> Option<String> {
    form_urlencoded::parse(form)
        .find(|(name, _)| name == "Action")
        .map(|(_, value)| value.into_owned())
}

/// S3 names its operations by method, path and query. Bucket settings are all one.
fn s3_operation(parts: &Parts) -> &'static str {
    let query = parts.uri.query().unwrap_or_default();
    let has = |name: &str| query.split('&').any(|pair| pair.split('=').next() == Some(name));
    let has_key = parts
        .uri
        .path()
        .trim_start_matches('/')
        .split_once('/')
        .is_some_and(|(_, key)| !key.is_empty());
    let is_copy = parts.headers.contains_key("x-amz-copy-source");
    match (parts.method.as_str(), has_key) {
        ("PUT", true) if has("uploadId") && is_copy => "UploadPartCopy",
        ("PUT", true) if has("uploadId") => "UploadPart",
        ("PUT", true) if is_copy => "CopyObject",
        ("PUT", true) if has("tagging") => "PutObjectTagging",
        ("PUT", true) => "PutObject",
        ("POST", true) if has("uploads") => "CreateMultipartUpload",
        ("POST", true) if has("uploadId") => "CompleteMultipartUpload",
        ("DELETE", true) if has("uploadId") => "AbortMultipartUpload",
        ("DELETE", true) => "DeleteObject",
        ("GET", true) if has("uploadId") => "ListParts",
        ("GET", true) if has("tagging") => "GetObjectTagging",
        ("GET", true) => "GetObject",
        ("HEAD", true) => "HeadObject",
        ("HEAD", false) => "HeadBucket",
        ("GET", false) if has("uploads") => "ListMultipartUploads",
        ("GET", false) if has("list-type") => "ListObjectsV2",
        ("POST", false) if has("delete") => "DeleteObjects",
        _ => "Other",
    }
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

#[cfg(test)]
mod tests {
    use axum::http::Request;

    use super::*;

    fn call(service: &str, method: &str, uri: &str, headers: &[(&str, &str)], form: &str) -> Option<Call> {
        let mut request = Request::builder().method(method).uri(uri);
        if !service.is_empty() {
            let credential = format!(
                "AWS4-HMAC-SHA256 Credential=test/20261122/us-east-1/{service}/aws4_request, SignedHeaders=host, Signature=0"
            );
            request = request.header("authorization", credential);
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let (parts, ()) = request.body(()).ok()?.into_parts();
        Call::of(&parts, form.as_bytes())
    }

    fn expected(service: &str, operation: &str) -> Option<Call> {
        Some(Call {
            service: service.to_owned(),
            operation: operation.to_owned(),
        })
    }

    #[test]
    fn a_call_names_its_tables() {
        let of = |body: &str| tables(body.as_bytes());
        assert_eq!(
            of(r#"{"TableName": "a", "Key": {"id": {"S": "TableName"}}}"#),
            ["a"]
        );
        let transaction =
            r#"{"TransactItems": [{"Put": {"TableName": "a"}}, {"Update": {"TableName": "b"}}]}"#;
        assert_eq!(of(transaction), ["a", "b"]);
        assert!(of("no JSON").is_empty());
    }

    #[test]
    fn json_protocols_name_the_operation_in_a_header() {
        let target = |value| [("x-amz-target", value)];
        assert_eq!(
            call(
                "dynamodb",
                "POST",
                "/",
                &target("DynamoDB_20120810.UpdateItem"),
                ""
            ),
            expected("dynamodb", "UpdateItem")
        );
        assert_eq!(
            call(
                "states",
                "POST",
                "/",
                &target("AWSStepFunctions.StartExecution"),
                ""
            ),
            expected("states", "StartExecution")
        );
    }

    #[test]
    fn the_query_protocol_names_the_operation_in_the_form() {
        let form = "Version=2010-03-31&Action=Publish&TopicArn=x";
        assert_eq!(call("sns", "POST", "/", &[], form), expected("sns", "Publish"));
    }

    #[test]
    fn s3_operations_are_known_by_method_path_and_query() {
        let s3 = |method, uri| call("s3", method, uri, &[], "").map(|call| call.operation);
        let is = |name: &str| Some(name.to_owned());
        assert_eq!(s3("PUT", "/bucket/seller/report"), is("PutObject"));
        assert_eq!(s3("POST", "/bucket/key?uploads"), is("CreateMultipartUpload"));
        assert_eq!(
            s3("PUT", "/bucket/key?partNumber=1&uploadId=u&x-id=UploadPart"),
            is("UploadPart")
        );
        assert_eq!(
            s3("POST", "/bucket/key?uploadId=u"),
            is("CompleteMultipartUpload")
        );
        assert_eq!(s3("DELETE", "/bucket/key?uploadId=u"), is("AbortMultipartUpload"));
        assert_eq!(s3("GET", "/bucket/?list-type=2"), is("ListObjectsV2"));
        assert_eq!(s3("HEAD", "/bucket/key"), is("HeadObject"));
        assert_eq!(s3("PUT", "/bucket?policy"), is("Other"));
    }

    #[test]
    fn links_and_unsigned_requests_are_no_calls() {
        let link =
            "/bucket/key?X-Amz-Credential=test%2F20261122%2Fus-east-1%2Fs3%2Faws4_request&X-Amz-Signature=0";
        assert_eq!(call("", "GET", link, &[], ""), None);
        assert_eq!(call("", "GET", "/", &[("authorization", "Bearer x")], ""), None);
    }

    #[test]
    fn attempts_are_told_apart() {
        let attempt = |value: &str| {
            let mut headers = HeaderMap::new();
            headers.insert("amz-sdk-request", value.parse().ok()?);
            headers.insert("amz-sdk-invocation-id", "id-1".parse().ok()?);
            Attempt::of(&headers)
        };
        assert_eq!(
            attempt("attempt=1; max=3").map(|attempt| attempt.is_first),
            Some(true)
        );
        assert_eq!(
            attempt("ttl=20261122T000000Z; attempt=2; max=3").map(|attempt| attempt.is_first),
            Some(false)
        );
        assert_eq!(Attempt::of(&HeaderMap::new()), None);
    }
}
