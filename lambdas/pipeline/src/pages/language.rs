/// A language that there is a page in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Language {
    /// Also for who prefers none of the others.
    English,
    /// `de`
    German,
    /// `ja`
    Japanese,
    /// `es`
    Spanish,
    /// `fr`
    French,
    /// `it`
    Italian,
}

impl Language {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::English,
        Self::German,
        Self::Japanese,
        Self::Spanish,
        Self::French,
        Self::Italian,
    ];

    /// The one that a browser prefers by its `Accept-Language`; English if there is none of those.
    #[must_use]
    pub fn of(accepted: &str) -> Self {
        let mut best = (0.0, Self::English);
        for range in accepted.split(',') {
            let (tag, quality) = range.split_once(';').unwrap_or((range, "q=1"));
            let quality = quality.trim().strip_prefix("q=").and_then(|it| it.parse().ok());
            let quality: f32 = quality.unwrap_or(0.0);
            let primary = tag.split('-').next().unwrap_or_default().trim();
            let known = Self::ALL
                .into_iter()
                .find(|it| it.tag().eq_ignore_ascii_case(primary));
            // Of those that are liked as well, the first.
            if let Some(known) = known.filter(|_| quality > best.0) {
                best = (quality, known);
            }
        }
        best.1
    }

    /// Its tag, as `lang` and `Content-Language` have it.
    #[must_use]
    pub fn tag(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::German => "de",
            Self::Japanese => "ja",
            Self::Spanish => "es",
            Self::French => "fr",
            Self::Italian => "it",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_language_is_the_one_that_is_preferred() {
        for (accepted, language) in [
            ("", Language::English),
            ("de-CH", Language::German),
            ("JA", Language::Japanese),
            ("pl, it;q=0.8, es;q=0.9", Language::Spanish),
            ("fr;q=0.5, en;q=0.5", Language::French),
            ("it-IT,it;q=0.9,en;q=0.8", Language::Italian),
            ("de;q=0, *;q=0.5", Language::English),
            ("zh, *", Language::English),
            ("de;q=NaN, es;q=x, ;;,,", Language::English),
        ] {
            assert_eq!(Language::of(accepted), language, "{accepted}");
        }
    }
}
