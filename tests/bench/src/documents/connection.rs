//! TLS 1.3 over blocking sockets, with as little around it as rustls allows.

use std::io::{self, BufRead, BufReader, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, Result};
use tokio_rustls::rustls::crypto::{CryptoProvider, aws_lc_rs};
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use tokio_rustls::rustls::version::TLS13;
use tokio_rustls::rustls::{
    ClientConfig, ClientConnection, Connection as Session, RootCertStore, ServerConfig, ServerConnection,
};

use crate::tls::Tls;

/// rustls reads 4 KiB at a time; one system call for many of those.
const READ_BUFFER: usize = 256 << 10;
/// Encrypted and sent at once. With much more, memory is given back and fetched again each time.
const WRITE_PIECE: usize = 64 << 10;

/// An encrypted connection, of a server or a client.
pub struct Connection {
    session: Session,
    socket: BufReader<TcpStream>,
}

impl Connection {
    fn new(session: impl Into<Session>, socket: TcpStream) -> io::Result<Self> {
        socket.set_nodelay(true)?;
        let mut session = session.into();
        session.set_buffer_limit(None);
        Ok(Self {
            session,
            socket: BufReader::with_capacity(READ_BUFFER, socket),
        })
    }

    /// What is sent before this is over piles up.
    fn shake_hands(&mut self) -> io::Result<()> {
        while self.session.is_handshaking() {
            self.flush()?;
            if self.session.read_tls(&mut self.socket)? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            self.session.process_new_packets().map_err(io::Error::other)?;
        }
        self.flush()
    }

    /// What has arrived and was not consumed, at least a byte; nothing after the other side has ended.
    pub fn fill(&mut self) -> io::Result<&[u8]> {
        while self
            .session
            .process_new_packets()
            .map_err(io::Error::other)?
            .plaintext_bytes_to_read()
            == 0
        {
            self.flush()?;
            if self.session.read_tls(&mut self.socket)? == 0 {
                break;
            }
        }
        match self.session.reader().into_first_chunk() {
            // An end without farewell is one, too; lengths are checked above this.
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(&[]),
            chunk => chunk,
        }
    }

    /// The first `bytes` of what has arrived are done with.
    pub fn consume(&mut self, bytes: usize) {
        self.session.reader().consume(bytes);
    }

    /// Sends all of it.
    pub fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        for piece in bytes.chunks(WRITE_PIECE) {
            self.session.writer().write_all(piece)?;
            self.flush()?;
        }
        Ok(())
    }

    /// Encrypts, and sends later.
    pub fn queue(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.session.writer().write_all(bytes)
    }

    /// Sends what is queued.
    pub fn flush(&mut self) -> io::Result<()> {
        while self.session.wants_write() {
            self.session.write_tls(&mut self.socket.get_ref())?;
        }
        Ok(())
    }
}

/// Connections to local servers.
#[derive(Clone)]
pub struct Client {
    config: Arc<ClientConfig>,
}

impl Client {
    /// Trusts the authorities in that file.
    pub fn new(bundle: &Path) -> Result<Self> {
        let mut roots = RootCertStore::empty();
        for certificate in CertificateDer::pem_file_iter(bundle)? {
            // The system's may be odd; nothing here needs them.
            let _ = roots.add(certificate?);
        }
        let config = ClientConfig::builder_with_provider(Arc::new(provider()))
            .with_protocol_versions(&[&TLS13])?
            .with_root_certificates(roots)
            .with_no_client_auth();
        Ok(Self {
            config: Arc::new(config),
        })
    }

    /// Connects.
    pub fn connect(&self, address: SocketAddr) -> Result<Connection> {
        let session = ClientConnection::new(self.config.clone(), ServerName::from(address.ip()))?;
        let mut connection = Connection::new(session, TcpStream::connect(address)?)?;
        connection.shake_hands()?;
        Ok(connection)
    }
}

/// Listens on a port of its own and serves each connection on a thread of its own, for ever.
///
/// `started` is told the address.
pub fn serve(
    tls: &Tls,
    started: impl FnOnce(SocketAddr),
    serve: impl Fn(&mut Connection) -> io::Result<()> + Send + Sync + 'static,
) -> Result<()> {
    let certificates = CertificateDer::pem_file_iter(tls.chain())
        .context("no certificates")?
        .collect::<Result<Vec<_>, _>>()?;
    let key = PrivateKeyDer::from_pem_file(tls.key()).context("no key")?;
    let config = ServerConfig::builder_with_provider(Arc::new(provider()))
        .with_protocol_versions(&[&TLS13])?
        .with_no_client_auth()
        .with_single_cert(certificates, key)?;
    let (config, serve) = (Arc::new(config), Arc::new(serve));
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).context("no port")?;
    started(listener.local_addr()?);
    for socket in listener.incoming() {
        let session = ServerConnection::new(config.clone())?;
        let serve = serve.clone();
        let converse = move || {
            // A client that hangs up is its own business: what it has stored is checked elsewhere.
            let _ = Connection::new(session, socket?).and_then(|mut connection| serve(&mut connection));
            io::Result::Ok(())
        };
        std::thread::Builder::new().spawn(converse)?;
    }
    Ok(())
}

/// The library that the functions use, with the cipher suite that S3 chooses.
fn provider() -> CryptoProvider {
    let mut provider = aws_lc_rs::default_provider();
    provider
        .cipher_suites
        .retain(|suite| *suite == aws_lc_rs::cipher_suite::TLS13_AES_128_GCM_SHA256);
    provider
}
