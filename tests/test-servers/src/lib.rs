//! What the servers of the tests share: connections that a handler can reset, and an orderly end.

mod ending;
mod listener;
mod tls;

pub use ending::Ending;
pub use listener::{Connection, ResettableListener, ResettableStream};
pub use tls::TlsFiles;
