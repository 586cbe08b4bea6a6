//! Odd documents: what is said about them is not what they are.

use sp_api::ProcessingStatus;

use super::kinds::kinds;
use crate::documents::generate::{Generated, Subject, encoding, is_flat_file, marketplace_charset};
use crate::documents::rope::{Piece, Rope};
use crate::outcomes::DocumentPlan;

kinds! {
    /// How a document is odd.
    DocumentOddity {
        /// Declared `GZIP`, and plain.
        PlainDeclaredGzip = "plain-declared-gzip",
        /// Gzip, and nobody says so.
        GzipUndeclared = "gzip-undeclared",
        /// Gzip, declared `gzip`.
        AlgorithmLowerCase = "algorithm-lower-case",
        /// Gzip, declared `Gzip`.
        AlgorithmMixedCase = "algorithm-mixed-case",
        /// Gzip, declared to be compressed in a way that nobody knows.
        AlgorithmUnknown = "algorithm-unknown",
        /// Plain, declared `NONE`.
        AlgorithmNone = "algorithm-none",
        /// Plain, declared with an empty text.
        AlgorithmEmpty = "algorithm-empty",
        /// Gzip, declared, and served with `Content-Encoding: gzip` although nobody asked for that.
        EncodingHeader = "encoding-header",
        /// Gzip, declared by `Content-Encoding: gzip` alone.
        EncodingHeaderOnly = "encoding-header-only",
        /// Plain, and served with `Content-Encoding: gzip`.
        EncodingHeaderOverPlain = "encoding-header-over-plain",
        /// There are zeros behind the end of the gzip.
        ZerosBehindGzip = "zeros-behind-gzip",
        /// There is a line break behind the end of the gzip.
        BytesBehindGzip = "bytes-behind-gzip",
        /// The gzip breaks off before its end.
        GzipBrokenOff = "gzip-broken-off",
        /// Declared `GZIP`, and without a byte.
        EmptyDeclaredGzip = "empty-declared-gzip",
        /// Declared `Cp1252`, written in UTF-8.
        Cp1252OverUtf8 = "cp1252-over-utf8",
        /// Declared `UTF-8`, written in Shift_JIS.
        Utf8OverShiftJis = "utf8-over-shift-jis",
        /// Declared `UTF-8`, written in windows-1252.
        Utf8OverWindows1252 = "utf8-over-windows-1252",
        /// Written in the marketplace's old charset, and nobody says so.
        CharsetUndeclared = "charset-undeclared",
        /// UTF-8 without a word about it, and nothing but ASCII for more than 64 KiB.
        LateAccent = "late-accent",
        /// The reason of a report that ended `FATAL`: JSON, whatever the type.
        FatalReason = "fatal-reason",
    }
}

/// How much ASCII comes before the first other letter.
const BEFORE_THE_ACCENT: u64 = 100 * 1024;

/// The same at most: this text is held in memory.
const LONGEST_BEFORE_THE_ACCENT: u64 = 32 * 1024 * 1024;

/// What a flat file of a type that nothing is known of says about itself.
const FLAT_FILE: &str = "text/plain";

impl DocumentOddity {
    /// Whether a pipeline that is right delivers such a document, whole.
    fn can_be_delivered(self) -> bool {
        !matches!(self, Self::BytesBehindGzip | Self::GzipBrokenOff)
    }

    /// Those that a document can be which nobody has to lose.
    pub(super) fn drawn_for(
        subject: Subject<'_>,
        plan: &DocumentPlan,
        status: ProcessingStatus,
    ) -> Vec<Self> {
        let is_drawn = |oddity: &Self| {
            let is_japanese = marketplace_charset(subject) == "Shift_JIS";
            oddity.can_be_delivered()
                && oddity.fits(subject, plan, status)
                && (status != ProcessingStatus::Fatal || *oddity == Self::FatalReason)
                // Nothing tells that a text for America is Japanese.
                && match oddity {
                    Self::Utf8OverShiftJis => is_japanese,
                    Self::Utf8OverWindows1252 => !is_japanese,
                    _ => true,
                }
        };
        Self::ALL.iter().copied().filter(is_drawn).collect()
    }

    /// Whether the document of such a report can be odd like this.
    pub(super) fn fits(self, subject: Subject<'_>, plan: &DocumentPlan, status: ProcessingStatus) -> bool {
        match self {
            Self::FatalReason => status == ProcessingStatus::Fatal,
            _ => self.charset(subject).is_none_or(|charset| {
                let can_write = |body: &String| encoding(charset).is_some_and(|it| !it.encode(body).2);
                is_flat_file(subject)
                    && plan.charset.is_none()
                    && plan.content_type.is_none()
                    && plan.body.as_ref().is_none_or(can_write)
            }),
        }
    }

    /// What the text is written in, if that is what is odd.
    fn charset(self, subject: Subject<'_>) -> Option<&'static str> {
        match self {
            Self::Cp1252OverUtf8 | Self::LateAccent => Some("UTF-8"),
            Self::Utf8OverShiftJis => Some("Shift_JIS"),
            Self::Utf8OverWindows1252 => Some("windows-1252"),
            Self::CharsetUndeclared => Some(marketplace_charset(subject)),
            _ => None,
        }
    }

    /// Whether the bytes are gzip before anything is done to them; `None` where it may be either.
    fn is_gzip(self) -> Option<bool> {
        match self {
            Self::GzipUndeclared
            | Self::AlgorithmLowerCase
            | Self::AlgorithmMixedCase
            | Self::AlgorithmUnknown
            | Self::EncodingHeader
            | Self::EncodingHeaderOnly
            | Self::ZerosBehindGzip
            | Self::BytesBehindGzip
            | Self::GzipBrokenOff => Some(true),
            Self::PlainDeclaredGzip
            | Self::AlgorithmNone
            | Self::AlgorithmEmpty
            | Self::EncodingHeaderOverPlain
            | Self::EmptyDeclaredGzip => Some(false),
            _ => None,
        }
    }

    /// What the document will be.
    pub(crate) fn plan(self, subject: Subject<'_>, plan: &DocumentPlan) -> DocumentPlan {
        let mut plan = plan.clone();
        plan.gzip = self.is_gzip().unwrap_or(plan.gzip);
        if let Some(charset) = self.charset(subject) {
            plan.charset = Some(charset.to_owned());
            plan.content_type = Some(match self {
                Self::Cp1252OverUtf8 => format!("{FLAT_FILE}; charset=Cp1252"),
                Self::Utf8OverShiftJis | Self::Utf8OverWindows1252 => format!("{FLAT_FILE};charset=UTF-8"),
                _ => FLAT_FILE.to_owned(),
            });
        }
        match self {
            Self::LateAccent => {
                let size = plan.size.unwrap_or_default();
                let size = size.clamp(BEFORE_THE_ACCENT, LONGEST_BEFORE_THE_ACCENT);
                (plan.size, plan.body) = (None, Some(late_accent(subject, size)));
            }
            Self::FatalReason => {
                let reason = format!(
                    "{{\"errorDetails\": \"Report {} could not be made: the period is too long (größer als 30 Tage).\"}}",
                    subject.report_id
                );
                (plan.size, plan.body, plan.charset) = (None, Some(reason), Some("UTF-8".to_owned()));
            }
            Self::EmptyDeclaredGzip => (plan.size, plan.body) = (None, Some(String::new())),
            _ => {}
        }
        plan
    }

    /// Makes the document what it is.
    pub(crate) fn change(self, mut generated: Generated) -> Generated {
        match self {
            Self::PlainDeclaredGzip | Self::EmptyDeclaredGzip => generated.algorithm = Some("GZIP"),
            Self::GzipUndeclared => generated.algorithm = None,
            Self::AlgorithmLowerCase => generated.algorithm = Some("gzip"),
            Self::AlgorithmMixedCase => generated.algorithm = Some("Gzip"),
            Self::AlgorithmUnknown => generated.algorithm = Some("BROTLI"),
            Self::AlgorithmNone => generated.algorithm = Some("NONE"),
            Self::AlgorithmEmpty => generated.algorithm = Some(""),
            Self::EncodingHeader | Self::EncodingHeaderOverPlain => generated.always_says_gzip = true,
            Self::EncodingHeaderOnly => {
                (generated.algorithm, generated.always_says_gzip) = (None, true);
            }
            Self::ZerosBehindGzip => append(&mut generated.served, &[0; 512]),
            Self::BytesBehindGzip => append(&mut generated.served, b"\r\n"),
            // What is popped holds the end of the compressed data, checksum and length.
            Self::GzipBrokenOff => drop(generated.served.0.pop()),
            Self::FatalReason => generated.charset = None,
            Self::Cp1252OverUtf8
            | Self::Utf8OverShiftJis
            | Self::Utf8OverWindows1252
            | Self::CharsetUndeclared
            | Self::LateAccent => {}
        }
        generated
    }
}

fn append(rope: &mut Rope, bytes: &'static [u8]) {
    rope.0.push(Piece::Bytes(bytes.into()));
}

/// A table of that size or a little more, the last row of which has an accent.
fn late_accent(subject: Subject<'_>, size: u64) -> String {
    let mut table = "order-id\tsku\tproduct-name\n".to_owned();
    let mut row = 0_u64;
    while (table.len() as u64) < size {
        row += 1;
        table += &format!("{}-{row:07}\tSKU-{row}\tTea kettle, green\n", subject.report_id);
    }
    table + "last\tSKU-0\tGröße, naïve\n"
}
