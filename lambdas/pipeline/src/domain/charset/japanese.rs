//! Whether bytes that can be Shift_JIS look like Japanese. Most texts of windows-1252 with an accent
//! here and there can be Shift_JIS, too: "Crème brûlée" is "Cr鑪e br璉馥" then.

/// What speaks for and against a text being Japanese. It is Shift_JIS as [JIS X 0208] orders it:
/// kana and the kanji that are learnt at school come first.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Japanese {
    /// Letters that Japanese texts are made of.
    likely: u64,
    /// Letters that hardly any text has, and single ones within words of Latin letters, which is what
    /// accents look like.
    unlikely: u64,
    lead: Option<u8>,
    run: Run,
}

/// Letters one after the other that are not ASCII.
#[derive(Clone, Copy, Debug, Default)]
struct Run {
    common: u64,
    rare: u64,
    /// Whether a Latin letter stands before it.
    is_within_word: bool,
}

impl Japanese {
    pub(super) fn take(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            match (self.lead.take(), byte) {
                (Some(lead), 0x40..=0x7e | 0x80..=0xfc) => {
                    if is_common(lead, byte) {
                        self.run.common += 1;
                    } else {
                        self.run.rare += 1;
                    }
                }
                (None, 0x81..=0x9f | 0xe0..=0xfc) => self.lead = Some(byte),
                (None, 0xa1..=0xdf) => self.run.common += 1,
                (lead, byte) => {
                    // A letter that is cut short is none.
                    self.run.rare += u64::from(lead.is_some() || byte >= 0x80);
                    self.end_run(byte);
                }
            }
        }
    }

    /// Ends the letters before an ASCII one.
    fn end_run(&mut self, ascii: u8) {
        let run = std::mem::take(&mut self.run);
        let is_letter = ascii.is_ascii_alphabetic();
        let is_accent = run.common == 1 && run.rare == 0 && (run.is_within_word || is_letter);
        if is_accent {
            self.unlikely += 1;
        } else {
            self.likely += run.common;
            self.unlikely += run.rare;
        }
        self.run.is_within_word = is_letter;
    }

    /// Whether it looks like Japanese so far.
    pub(super) fn is_likely(mut self) -> bool {
        self.end_run(b'\n');
        self.likely > 0 && self.likely >= 2 * self.unlikely
    }

    /// What is known at the end of a word, and can be gone on with.
    pub(super) fn counts(self) -> [u64; 2] {
        [self.likely, self.unlikely]
    }

    pub(super) fn with_counts([likely, unlikely]: [u64; 2]) -> Self {
        Self {
            likely,
            unlikely,
            ..Self::default()
        }
    }
}

/// Punctuation, kana, Cyrillic and the kanji of the first level; not those of the second level, nor what
/// the makers of computers added.
fn is_common(lead: u8, trail: u8) -> bool {
    match lead {
        0x81..=0x84 | 0x87..=0x97 => true,
        0x98 => trail < 0x9f,
        _ => false,
    }
}
