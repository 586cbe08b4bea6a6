use std::collections::BTreeMap;

use encoding_rs::{Decoder, DecoderResult, Encoding};
use serde::{Deserialize, Serialize};

use super::japanese::Japanese;
use super::{Candidates, Charset, CharsetFrom, MOSTLY, SHIFT_JIS, UTF_8, WINDOWS_1252};

/// What is held back to begin with at the next word, at most. Longer words are Japanese, or no text.
const LONGEST_WORD: usize = 4 << 10;

/// How much is decoded at once, to be counted.
const ROOM: usize = 8 << 10;

/// What the bytes of a text say about its charset, while it passes. The same for the same text, however
/// it is cut into pieces; in a small memory whatever its length.
#[derive(Debug)]
pub struct Evidence {
    candidates: Candidates,
    /// What needs no evidence.
    known: Option<Charset>,
    utf8: Count,
    /// The beginning of a letter of UTF-8 that the last piece ended within.
    cut: Vec<u8>,
    /// What the text would be in others, from the first sequence on that is not UTF-8.
    others: Option<Vec<Other>>,
    /// The beginning of a word that is not counted yet.
    word: Vec<u8>,
    /// Whether all that is counted ends where a word ends.
    is_between_words: bool,
}

/// What is counted of a text in one charset.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Count {
    /// What is no ASCII and can be read.
    letters: u64,
    /// What can't be read, and letters that everybody defines for himself.
    broken: u64,
}

impl Count {
    fn is_mostly_read(self) -> bool {
        self.broken == 0 || self.letters >= MOSTLY.saturating_mul(self.broken)
    }
}

struct Other {
    encoding: &'static Encoding,
    decoder: Decoder,
    count: Count,
    japanese: Japanese,
}

impl std::fmt::Debug for Other {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{}: {:?}", self.encoding.name(), self.count)
    }
}

/// What can be written down of evidence, so that another invocation goes on from there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EvidenceSoFar {
    utf8: Count,
    others: Option<BTreeMap<String, (Count, [u64; 2])>>,
    word: Vec<u8>,
}

/// Where a word ends: no charset's letter goes on with such a byte.
fn is_between_words(byte: &u8) -> bool {
    *byte < 0x30
}

impl Evidence {
    /// For a text that begins with `head`, which is to be taken, too.
    #[must_use]
    pub fn new(candidates: Candidates, head: &[u8]) -> Self {
        let bom = Encoding::for_bom(head).map(|(encoding, _)| Charset {
            encoding,
            from: CharsetFrom::Bytes,
            is_ascii: false,
        });
        // No text in UTF-8 has these, and a text in UTF-16 or ISO-2022-JP does.
        let is_wide = head.iter().any(|byte| matches!(byte, 0 | 0x1b));
        let wide = candidates
            .declared
            .filter(|encoding| is_wide && !encoding.is_ascii_compatible())
            .map(|encoding| Charset {
                encoding,
                from: CharsetFrom::Declaration,
                is_ascii: false,
            });
        Self {
            candidates,
            known: bom.or(wide),
            utf8: Count::default(),
            cut: Vec::new(),
            others: None,
            word: Vec::new(),
            is_between_words: true,
        }
    }

    /// Goes on from what was written down; `None` if that was of other candidates.
    #[must_use]
    pub fn resumed(candidates: Candidates, head: &[u8], so_far: EvidenceSoFar) -> Option<Self> {
        let mut evidence = Self::new(candidates, head);
        evidence.utf8 = so_far.utf8;
        evidence.word = so_far.word;
        if let Some(mut counts) = so_far.others {
            evidence.begin_others(&[]);
            for other in evidence.others.iter_mut().flatten() {
                let (count, japanese) = counts.remove(other.encoding.name())?;
                other.count = count;
                other.japanese = Japanese::with_counts(japanese);
            }
        }
        Some(evidence)
    }

    /// Whether the rest of the text changes nothing.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.known.is_some()
    }

    /// What can be written down; `None` in the middle of a word that is longer than any.
    #[must_use]
    pub fn so_far(&self) -> Option<EvidenceSoFar> {
        let others = self.others.as_ref().map(|others| {
            let count = |other: &Other| (other.count, other.japanese.counts());
            let named = |other: &Other| (other.encoding.name().to_owned(), count(other));
            others.iter().map(named).collect()
        });
        self.is_between_words.then(|| EvidenceSoFar {
            utf8: self.utf8,
            others,
            word: self.word.clone(),
        })
    }

    /// Takes the text's next piece.
    pub fn take(&mut self, piece: &[u8]) {
        if self.known.is_some() {
            return;
        }
        let words = piece.iter().rposition(is_between_words).map_or(0, |at| at + 1);
        let (words, begun) = piece.split_at(words);
        if !words.is_empty() {
            let word = std::mem::take(&mut self.word);
            self.count(&word);
            self.count(words);
        }
        self.word
            .extend_from_slice(&begun[..begun.len().min(LONGEST_WORD)]);
        if begun.len() > LONGEST_WORD || self.word.len() > LONGEST_WORD {
            let word = std::mem::take(&mut self.word);
            self.count(&word);
            self.count(&begun[begun.len().min(LONGEST_WORD)..]);
        }
    }

    /// What the text is in, if it ends here.
    #[must_use]
    pub fn charset(mut self) -> Charset {
        self.is_between_words = false;
        let word = std::mem::take(&mut self.word);
        self.count(&word);
        if !self.cut.is_empty() {
            self.utf8.broken += 1;
            let cut = std::mem::take(&mut self.cut);
            self.begin_others(&cut);
        }
        for other in self.others.iter_mut().flatten() {
            other.take(&[], true);
        }
        self.verdict()
    }

    /// What the text is in as far as it has come, if its last letter is cut.
    #[must_use]
    pub fn charset_so_far(mut self) -> Charset {
        let word = std::mem::take(&mut self.word);
        self.count(&word);
        self.verdict()
    }

    fn verdict(&self) -> Charset {
        if let Some(known) = self.known {
            return known;
        }
        if self.utf8.is_mostly_read() {
            return Charset {
                encoding: UTF_8,
                from: CharsetFrom::Bytes,
                is_ascii: self.utf8 == Count::default(),
            };
        }
        let Candidates {
            declared,
            marketplaces,
            region,
        } = &self.candidates;
        let declared = declared.as_slice();
        [
            (declared, CharsetFrom::Declaration),
            (marketplaces, CharsetFrom::Marketplace),
            (region, CharsetFrom::Region),
        ]
        .into_iter()
        .find_map(|(said, from)| {
            let is_one_of_several = said.len() > 1;
            let mut may_be = said.iter().filter_map(|encoding| self.other(encoding));
            let other = may_be.find(|other| other.may_be(is_one_of_several))?;
            Some(Charset {
                encoding: other.encoding,
                from,
                is_ascii: false,
            })
        })
        .unwrap_or(Charset {
            encoding: WINDOWS_1252,
            from: CharsetFrom::Region,
            is_ascii: false,
        })
    }

    fn other(&self, encoding: &Encoding) -> Option<&Other> {
        self.others
            .iter()
            .flatten()
            .find(|other| other.encoding == encoding)
    }

    /// Counts bytes that come after what was counted before.
    fn count(&mut self, bytes: &[u8]) {
        let Some(last) = bytes.last() else { return };
        let was_between_words = std::mem::replace(&mut self.is_between_words, is_between_words(last));
        let is_whole = was_between_words && (self.others.is_none() || self.is_between_words);
        // What most of a text is, and the same in all charsets.
        if is_whole && bytes.is_ascii() {
            return;
        }
        for other in self.others.iter_mut().flatten() {
            other.take(bytes, false);
        }
        if self.cut.is_empty() {
            self.count_utf8(bytes);
        } else {
            let mut whole = std::mem::take(&mut self.cut);
            whole.extend_from_slice(bytes);
            self.count_utf8(&whole);
        }
    }

    fn count_utf8(&mut self, mut bytes: &[u8]) {
        loop {
            let error = match std::str::from_utf8(bytes) {
                Ok(text) => {
                    self.utf8.letters += letters(text.as_bytes());
                    return;
                }
                Err(error) => error,
            };
            let (text, rest) = bytes.split_at(error.valid_up_to());
            self.utf8.letters += letters(text);
            let Some(length) = error.error_len() else {
                self.cut = rest.to_vec();
                return;
            };
            self.utf8.broken += 1;
            self.begin_others(rest);
            bytes = &rest[length..];
        }
    }

    /// Begins to count in other charsets, if that has not begun yet, with the first sequence that is
    /// not UTF-8.
    fn begin_others(&mut self, bytes: &[u8]) {
        if self.others.is_some() {
            return;
        }
        let others = self.candidates.all().into_iter().map(Other::new);
        let others = self.others.insert(others.collect());
        for other in others {
            other.take(bytes, false);
        }
    }
}

impl Other {
    fn new(encoding: &'static Encoding) -> Self {
        Self {
            encoding,
            decoder: encoding.new_decoder_without_bom_handling(),
            count: Count::default(),
            japanese: Japanese::default(),
        }
    }

    fn take(&mut self, mut bytes: &[u8], is_last: bool) {
        if self.encoding == SHIFT_JIS {
            self.japanese.take(bytes);
        }
        let mut room = [0; ROOM];
        loop {
            let (result, read, written) = self
                .decoder
                .decode_to_utf16_without_replacement(bytes, &mut room, is_last);
            bytes = &bytes[read..];
            for unit in &room[..written] {
                match unit {
                    0..=0x7f => {}
                    // Control characters stand for bytes that the charset does not have.
                    0x80..=0x9f | 0xe000..=0xf8ff => self.count.broken += 1,
                    _ => self.count.letters += 1,
                }
            }
            match result {
                DecoderResult::InputEmpty => return,
                DecoderResult::OutputFull => {}
                DecoderResult::Malformed(..) => self.count.broken += 1,
            }
        }
    }

    /// Whether the text can be in this charset. All bytes are a text in one that has a letter for
    /// nearly each of them, so there a single one that it does not have tells.
    fn may_be(&self, is_one_of_several: bool) -> bool {
        let is_read = if self.encoding.is_single_byte() {
            self.count.broken == 0
        } else {
            self.count.is_mostly_read()
        };
        let must_be_likely = is_one_of_several && self.encoding == SHIFT_JIS;
        is_read && (!must_be_likely || self.japanese.is_likely())
    }
}

/// How many letters of UTF-8 there are that are no ASCII.
fn letters(text: &[u8]) -> u64 {
    if text.is_ascii() {
        return 0;
    }
    text.iter().filter(|byte| **byte >= 0xc0).count() as u64
}
