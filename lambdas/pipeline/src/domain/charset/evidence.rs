use std::collections::BTreeMap;

use encoding_rs::Encoding;
use serde::{Deserialize, Serialize};

use super::counting::{Count, Other, is_between_words, next_of_no_ascii};
use super::japanese::Japanese;
use super::{Candidates, Charset, CharsetFrom, UTF_8, WINDOWS_1252};

/// What is held back to begin with at the next word, at most. Longer words are Japanese, or no text.
const LONGEST_WORD: usize = 4 << 10;

/// How much is tried at once as UTF-8 of a text that has been none before: more is tried in vain.
const WINDOW: usize = 64;

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

/// What can be written down of evidence, so that another invocation goes on from there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EvidenceSoFar {
    utf8: Count,
    others: Option<BTreeMap<String, (Count, [u64; 2])>>,
    word: Vec<u8>,
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
            other.finish();
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
        self.count_others(bytes);
        if self.cut.is_empty() {
            self.count_utf8(bytes);
        } else {
            let mut whole = std::mem::take(&mut self.cut);
            whole.extend_from_slice(bytes);
            self.count_utf8(&whole);
        }
    }

    fn count_utf8(&mut self, bytes: &[u8]) {
        let mut at = 0;
        while let Some(next) = next_of_no_ascii(bytes, at) {
            at = next;
            let end = match self.utf8.broken {
                0 => bytes.len(),
                _ => bytes.len().min(at + WINDOW),
            };
            let error = match std::str::from_utf8(&bytes[at..end]) {
                Ok(text) => {
                    self.utf8.letters += letters(text.as_bytes());
                    at = end;
                    continue;
                }
                Err(error) => error,
            };
            self.utf8.letters += letters(&bytes[at..at + error.valid_up_to()]);
            at += error.valid_up_to();
            match error.error_len() {
                Some(length) => {
                    self.utf8.broken += 1;
                    self.begin_others(&bytes[at..]);
                    at += length;
                }
                None if end == bytes.len() => {
                    self.cut = bytes[at..].to_vec();
                    return;
                }
                // Cut by the window only.
                None => {}
            }
        }
    }

    /// Begins to count in other charsets, if that has not begun yet, with the first sequence that is
    /// not UTF-8.
    fn begin_others(&mut self, bytes: &[u8]) {
        if self.others.is_some() {
            return;
        }
        let others = self.candidates.all().into_iter().map(Other::new);
        self.others = Some(others.collect());
        self.count_others(bytes);
    }

    fn count_others(&mut self, bytes: &[u8]) {
        for other in self.others.iter_mut().flatten() {
            other.take(bytes);
        }
    }
}

/// How many letters of UTF-8 there are that are no ASCII.
fn letters(text: &[u8]) -> u64 {
    if text.is_ascii() {
        return 0;
    }
    text.iter().filter(|byte| **byte >= 0xc0).count() as u64
}

#[cfg(test)]
mod tests {
    use encoding_rs::{BIG5, EUC_JP, GB18030, KOI8_U, WINDOWS_874};

    use super::super::SHIFT_JIS;
    use super::*;

    fn of(encoding: &'static Encoding) -> Candidates {
        Candidates {
            declared: Some(encoding),
            marketplaces: Vec::new(),
            region: Vec::new(),
        }
    }

    /// Bytes as texts have them, and as they don't.
    fn noise(random: &mut fastrand::Rng) -> Vec<u8> {
        let kinds: [&[u8]; 5] = [
            b"abc019",
            b" \t\n-.",
            &[0x81, 0x8f, 0xe3, 0xf0],
            &[0xa4, 0xc3, 0xfc],
            &[0, 0x1b, 0x7f, 0xff],
        ];
        let mut bytes = Vec::new();
        for _ in 0..random.usize(..60) {
            let kind = kinds[random.usize(..kinds.len())];
            bytes.extend((0..random.usize(..5)).map(|_| kind[random.usize(..kind.len())]));
        }
        bytes
    }

    /// What is counted of UTF-8, by the standard library's own division into letters and what is none.
    fn counted_by_chunks(bytes: &[u8]) -> Count {
        let mut count = Count::default();
        for chunk in bytes.utf8_chunks() {
            count.letters += chunk.valid().chars().filter(|letter| !letter.is_ascii()).count() as u64;
            count.broken += u64::from(!chunk.invalid().is_empty());
        }
        count
    }

    #[test]
    fn letters_of_utf8_are_counted_as_the_standard_library_divides_them() {
        let mut random = fastrand::Rng::with_seed(8);
        for _ in 0..20_000 {
            let mut bytes = noise(&mut random);
            bytes.extend("Grüße, 東京 🎉".bytes().take(random.usize(..24)));
            bytes.extend(noise(&mut random));
            let mut evidence = Evidence::new(of(WINDOWS_1252), b"");
            let (first, second) = bytes.split_at(random.usize(..=bytes.len()));
            evidence.count(first);
            evidence.count(second);
            evidence.utf8.broken += u64::from(!evidence.cut.is_empty());
            assert_eq!(evidence.utf8, counted_by_chunks(&bytes), "{bytes:x?}");
        }
    }

    #[test]
    fn words_of_ascii_are_left_out_without_a_difference() {
        let mut random = fastrand::Rng::with_seed(7);
        for encoding in [
            SHIFT_JIS,
            WINDOWS_1252,
            BIG5,
            EUC_JP,
            GB18030,
            KOI8_U,
            WINDOWS_874,
        ] {
            for _ in 0..2000 {
                let bytes = noise(&mut random);
                let (mut whole, mut japanese) = (Count::default(), Japanese::default());
                whole.take_sequences(&mut encoding.new_decoder_without_bom_handling(), &bytes, true);
                japanese.take(&bytes);
                let candidates = of(encoding);
                let mut evidence = Evidence::new(candidates, b"");
                let (first, second) = bytes.split_at(random.usize(..=bytes.len()));
                evidence.begin_others(first);
                evidence.count_others(second);
                let other = &mut evidence.others.as_mut().expect("begun")[0];
                other.finish();
                assert_eq!(other.count, whole, "{}: {bytes:x?}", encoding.name());
                if encoding == SHIFT_JIS {
                    assert_eq!(other.japanese.is_likely(), japanese.is_likely(), "{bytes:x?}");
                    assert_eq!(other.japanese.counts(), japanese.counts(), "{bytes:x?}");
                }
            }
        }
    }
}
