//! As much of HTTP/1.1 as the source, the sink and the least-work copy need.

use std::io::{self, ErrorKind};

use super::chunked::Chunked;
use super::connection::Connection;

/// The names are in lower case.
#[derive(Clone, Debug, Default)]
pub struct Headers(Vec<(String, String)>);

impl Headers {
    /// A header's value.
    pub fn get(&self, name: &str) -> Option<&str> {
        let found = self.0.iter().find(|(other, _)| other == name);
        found.map(|(_, value)| value.as_str())
    }

    /// A header's value that is a number.
    pub fn number(&self, name: &str) -> Option<u64> {
        self.get(name)?.trim().parse().ok()
    }

    fn of(parsed: &[httparse::Header<'_>]) -> Self {
        let owned = |header: &httparse::Header<'_>| {
            let value = String::from_utf8_lossy(header.value).into_owned();
            (header.name.to_ascii_lowercase(), value)
        };
        Self(parsed.iter().map(owned).collect())
    }
}

#[cfg(test)]
impl<'a> FromIterator<(&'a str, &'a str)> for Headers {
    fn from_iter<T: IntoIterator<Item = (&'a str, &'a str)>>(pairs: T) -> Self {
        let owned = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
        Self(pairs.into_iter().map(owned).collect())
    }
}

/// A request without its body.
#[derive(Clone, Debug)]
pub struct Request {
    pub method: String,
    pub path: String,
    pub query: Option<String>,
    pub headers: Headers,
}

impl Request {
    /// A parameter's value, as it stands in the query; empty for one without a value.
    pub fn parameter(&self, name: &str) -> Option<&str> {
        let parameters = self.query.as_deref()?.split('&');
        parameters
            .map(|parameter| parameter.split_once('=').unwrap_or((parameter, "")))
            .find_map(|(other, value)| (other == name).then_some(value))
    }
}

/// A response without its body.
#[derive(Clone, Debug)]
pub struct Response {
    pub status: u16,
    pub headers: Headers,
}

/// The next request; none when the client is done.
pub fn read_request(connection: &mut Connection) -> io::Result<Option<Request>> {
    read_head(connection, |bytes| {
        let mut headers = [httparse::EMPTY_HEADER; 64];
        let mut request = httparse::Request::new(&mut headers);
        let status = request.parse(bytes)?;
        Ok(complete(status).map(|length| {
            let target = request.path.unwrap_or_default();
            let (path, query) = match target.split_once('?') {
                Some((path, query)) => (path, Some(query.to_owned())),
                None => (target, None),
            };
            let request = Request {
                method: request.method.unwrap_or_default().to_owned(),
                path: path.to_owned(),
                query,
                headers: Headers::of(request.headers),
            };
            (length, request)
        }))
    })
}

/// The answer to a request.
pub fn read_response(connection: &mut Connection) -> io::Result<Response> {
    let response = read_head(connection, |bytes| {
        let mut headers = [httparse::EMPTY_HEADER; 64];
        let mut response = httparse::Response::new(&mut headers);
        let status = response.parse(bytes)?;
        Ok(complete(status).map(|length| {
            let response = Response {
                status: response.code.unwrap_or_default(),
                headers: Headers::of(response.headers),
            };
            (length, response)
        }))
    })?;
    response.ok_or_else(|| ErrorKind::UnexpectedEof.into())
}

fn complete(status: httparse::Status<usize>) -> Option<usize> {
    match status {
        httparse::Status::Complete(length) => Some(length),
        httparse::Status::Partial => None,
    }
}

fn read_head<T>(
    connection: &mut Connection,
    parse: impl Fn(&[u8]) -> Result<Option<(usize, T)>, httparse::Error>,
) -> io::Result<Option<T>> {
    let mut head = Vec::new();
    loop {
        let (before, arrived) = (head.len(), connection.fill()?);
        if arrived.is_empty() {
            return if head.is_empty() {
                Ok(None)
            } else {
                Err(ErrorKind::UnexpectedEof.into())
            };
        }
        head.extend_from_slice(arrived);
        let parsed = parse(&head).map_err(io::Error::other)?;
        let length = parsed.as_ref().map_or(head.len(), |(length, _)| *length);
        connection.consume(length - before);
        if let Some((_, parsed)) = parsed {
            return Ok(Some(parsed));
        }
    }
}

/// Hands the body's bytes over as they come, without HTTP's chunks; fails if it ends too early.
pub fn read_body(
    connection: &mut Connection,
    headers: &Headers,
    mut take: impl FnMut(&[u8]) -> io::Result<()>,
) -> io::Result<()> {
    if headers.get("expect").is_some() {
        connection.send(b"HTTP/1.1 100 Continue\r\n\r\n")?;
    }
    if headers.get("transfer-encoding").is_some() {
        let mut chunked = Chunked::default();
        while !chunked.is_done() {
            let arrived = some(connection.fill()?)?;
            let used = chunked.push(arrived, &mut take)?;
            connection.consume(used);
        }
        return Ok(());
    }
    let mut left = headers.number("content-length").unwrap_or(0);
    while left > 0 {
        let arrived = some(connection.fill()?)?;
        let used = arrived.len().min(usize::try_from(left).unwrap_or(usize::MAX));
        take(&arrived[..used])?;
        connection.consume(used);
        left -= used as u64;
    }
    Ok(())
}

fn some(arrived: &[u8]) -> io::Result<&[u8]> {
    if arrived.is_empty() {
        return Err(ErrorKind::UnexpectedEof.into());
    }
    Ok(arrived)
}

/// Sends a request's or a response's head.
pub fn send_head(connection: &mut Connection, start: &str, headers: &[(&str, &str)]) -> io::Result<()> {
    let mut head = format!("{start}\r\n");
    for (name, value) in headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    head.push_str("\r\n");
    connection.send(head.as_bytes())
}

/// Sends a whole response.
pub fn respond(
    connection: &mut Connection,
    status: &str,
    headers: &[(&str, &str)],
    body: &[u8],
) -> io::Result<()> {
    let mut head = format!("HTTP/1.1 {status}\r\ncontent-length: {}\r\n", body.len());
    for (name, value) in headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    head.push_str("\r\n");
    let mut message = head.into_bytes();
    message.extend_from_slice(body);
    connection.send(&message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_found_in_the_query() {
        let request = Request {
            method: "PUT".to_owned(),
            path: "/b/k".to_owned(),
            query: Some("uploads&partNumber=7&uploadId=a=b".to_owned()),
            headers: Headers::default(),
        };
        assert_eq!(request.parameter("partNumber"), Some("7"));
        assert_eq!(request.parameter("uploads"), Some(""));
        assert_eq!(request.parameter("uploadId"), Some("a=b"));
        assert_eq!(request.parameter("part"), None);
    }
}
