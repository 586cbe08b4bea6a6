//! Counting what a text is in one charset: which of its bytes are letters there, and which are none.

use encoding_rs::{Decoder, DecoderResult, Encoding};
use serde::{Deserialize, Serialize};

use super::japanese::Japanese;
use super::{MOSTLY, SHIFT_JIS};

/// How much is decoded at once, to be counted.
const ROOM: usize = 128;

/// What is counted of a text in one charset.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Count {
    /// What is no ASCII and can be read.
    pub(super) letters: u64,
    /// What can't be read, and letters that everybody defines for himself.
    pub(super) broken: u64,
}

impl Count {
    pub(super) fn is_mostly_read(self) -> bool {
        self.broken == 0 || self.letters >= MOSTLY.saturating_mul(self.broken)
    }

    /// Counts what a decoder makes of bytes.
    pub(super) fn take_sequences(&mut self, decoder: &mut Decoder, mut bytes: &[u8], is_last: bool) {
        let mut room = [0; ROOM];
        loop {
            let (result, read, written) =
                decoder.decode_to_utf16_without_replacement(bytes, &mut room, is_last);
            bytes = &bytes[read..];
            for unit in &room[..written] {
                match unit {
                    0..=0x7f => {}
                    // Control characters stand for bytes that the charset does not have.
                    0x80..=0x9f | 0xe000..=0xf8ff => self.broken += 1,
                    _ => self.letters += 1,
                }
            }
            match result {
                DecoderResult::InputEmpty => return,
                DecoderResult::OutputFull => {}
                DecoderResult::Malformed(..) => self.broken += 1,
            }
        }
    }
}

/// A charset that is not UTF-8, and what the text is in it.
pub(super) struct Other {
    pub(super) encoding: &'static Encoding,
    reader: Reader,
    pub(super) count: Count,
    pub(super) japanese: Japanese,
}

/// What tells letters in a charset.
enum Reader {
    /// Where each byte is one: what each of 0x80 to 0xff is.
    ByByte(Box<[Count; 128]>),
    /// Where several bytes make one.
    BySequence(Decoder),
}

impl std::fmt::Debug for Other {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{}: {:?}", self.encoding.name(), self.count)
    }
}

impl Reader {
    fn of(encoding: &'static Encoding) -> Self {
        let reader = encoding.new_decoder_without_bom_handling();
        if !encoding.is_single_byte() {
            return Self::BySequence(reader);
        }
        Self::ByByte(Box::new(std::array::from_fn(|byte| {
            let byte = u8::try_from(byte).expect("one of 128") | 0x80;
            let mut count = Count::default();
            count.take_sequences(&mut encoding.new_decoder_without_bom_handling(), &[byte], true);
            count
        })))
    }
}

impl Other {
    pub(super) fn new(encoding: &'static Encoding) -> Self {
        Self {
            encoding,
            reader: Reader::of(encoding),
            count: Count::default(),
            japanese: Japanese::default(),
        }
    }

    pub(super) fn take(&mut self, bytes: &[u8]) {
        match &mut self.reader {
            Reader::ByByte(counts) => {
                let mut at = 0;
                while let Some(next) = next_of_no_ascii(bytes, at) {
                    let count = counts[usize::from(bytes[next] & 0x7f)];
                    self.count.letters += count.letters;
                    self.count.broken += count.broken;
                    at = next + 1;
                }
            }
            Reader::BySequence(decoder) => {
                for word in words_not_of_ascii(bytes) {
                    if self.encoding == SHIFT_JIS {
                        self.japanese.take(word);
                    }
                    self.count.take_sequences(decoder, word, false);
                }
            }
        }
    }

    /// At the end of the text, which may cut a letter.
    pub(super) fn finish(&mut self) {
        if let Reader::BySequence(decoder) = &mut self.reader {
            self.count.take_sequences(decoder, &[], true);
        }
    }

    /// Whether the text can be in this charset. All bytes are a text in one that has a letter for
    /// nearly each of them, so there a single one that it does not have tells.
    pub(super) fn may_be(&self, is_one_of_several: bool) -> bool {
        let is_read = if self.encoding.is_single_byte() {
            self.count.broken == 0
        } else {
            self.count.is_mostly_read()
        };
        let must_be_likely = is_one_of_several && self.encoding == SHIFT_JIS;
        is_read && (!must_be_likely || self.japanese.is_likely())
    }
}

/// Where the next byte is, from `at` on, that is no ASCII.
pub(super) fn next_of_no_ascii(bytes: &[u8], mut at: usize) -> Option<usize> {
    const HIGH_BITS: u64 = 0x8080_8080_8080_8080;
    while let Some(eight) = bytes.get(at..at + 8) {
        let high = u64::from_le_bytes(eight.try_into().expect("eight")) & HIGH_BITS;
        if high != 0 {
            return Some(at + high.trailing_zeros() as usize / 8);
        }
        at += 8;
    }
    let rest = bytes.get(at..)?.iter().position(|byte| !byte.is_ascii())?;
    Some(at + rest)
}

/// The words of a text that are not all ASCII, each with the byte behind it that no letter goes on with;
/// and those that may have begun before `bytes`, or may end behind them.
fn words_not_of_ascii(bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = bytes;
    let mut is_first = true;
    std::iter::from_fn(move || {
        let begin = if std::mem::take(&mut is_first) {
            0
        } else {
            let ascii = next_of_no_ascii(rest, 0).unwrap_or(rest.len());
            rest[..ascii]
                .iter()
                .rposition(is_between_words)
                .map_or(0, |at| at + 1)
        };
        rest = &rest[begin..];
        let end = rest
            .iter()
            .position(is_between_words)
            .map_or(rest.len(), |at| at + 1);
        let (word, behind) = rest.split_at(end);
        rest = behind;
        (!word.is_empty()).then_some(word)
    })
}

/// Where a word ends: no charset's letter goes on with such a byte.
pub(super) fn is_between_words(byte: &u8) -> bool {
    *byte < 0x30
}
