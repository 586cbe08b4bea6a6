//! Bodies that end before their time.

use axum::body::Body;
use bytes::Bytes;
use futures_util::{StreamExt, stream};

/// Passes so many bytes on and fails then.
pub(crate) fn cut(body: Body, after: u64) -> Body {
    let state = (body.into_data_stream(), after);
    Body::from_stream(stream::unfold(Some(state), |state| async {
        let (mut data, left) = state?;
        if left == 0 {
            return Some((Err(broken()), None));
        }
        match data.next().await {
            Some(Ok(bytes)) => {
                let (bytes, left) = shortened(bytes, left);
                Some((Ok(bytes), Some((data, left))))
            }
            _ => Some((Err(broken()), None)),
        }
    }))
}

/// Reads a body to its end. Who sends it may not listen before that.
pub(crate) async fn drain(body: Body) {
    let mut data = body.into_data_stream();
    while let Some(Ok(_)) = data.next().await {}
}

/// At most so many of the bytes, and how many may come after them.
fn shortened(mut bytes: Bytes, left: u64) -> (Bytes, u64) {
    bytes.truncate(usize::try_from(left).unwrap_or(usize::MAX));
    let left = left - bytes.len() as u64;
    (bytes, left)
}

fn broken() -> std::io::Error {
    std::io::ErrorKind::ConnectionReset.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What arrives, and whether the end was an error.
    async fn read(body: Body) -> (Vec<u8>, bool) {
        let mut data = body.into_data_stream();
        let mut all = Vec::new();
        while let Some(part) = data.next().await {
            match part {
                Ok(bytes) => all.extend_from_slice(&bytes),
                Err(_) => return (all, true),
            }
        }
        (all, false)
    }

    #[tokio::test]
    async fn a_cut_body_ends_with_an_error_wherever_it_is_cut() {
        let chunks = || {
            let chunks = ["abc", "def"].map(|chunk| Ok::<_, std::io::Error>(Bytes::from(chunk)));
            Body::from_stream(stream::iter(chunks))
        };
        assert_eq!(read(cut(chunks(), 4)).await, (b"abcd".to_vec(), true));
        assert_eq!(read(cut(chunks(), 0)).await, (Vec::new(), true));
        assert_eq!(read(cut(chunks(), 9)).await, (b"abcdef".to_vec(), true));
        assert_eq!(read(chunks()).await, (b"abcdef".to_vec(), false));
    }
}
