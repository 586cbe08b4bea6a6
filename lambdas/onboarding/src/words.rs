//! What the pages say. `{name}` stands for who invites.

mod english;
mod french;
mod german;
mod italian;
mod japanese;
mod spanish;

use pipeline::pages::Language;

/// The words of a page.
#[derive(Debug)]
pub struct Text {
    /// What is the matter.
    pub title: &'static str,
    /// Why, and what to do.
    pub paragraphs: &'static [&'static str],
}

/// The words of all pages, in one language.
#[derive(Debug)]
pub struct Words {
    /// Who asks a seller for what.
    pub invited_seller: Text,
    /// Who asks a vendor for what.
    pub invited_vendor: Text,
    /// On the link to Amazon.
    pub go_on: &'static str,
    /// The invitation is unknown, used or over.
    pub no_invitation: Text,
    /// Nobody comes from the Appstore so.
    pub not_from_appstore: Text,
    /// It was begun in another browser, or long ago, or is finished.
    pub not_begun_here: Text,
    /// The seller has said no.
    pub denied: Text,
    /// `MD1000`
    pub draft: Text,
    /// `MD5101`
    pub redirect: Text,
    /// Amazon says something else.
    pub refused: Text,
    /// Another account was used than the one that is invited.
    pub other_seller: Text,
    /// The account is here already, and was not invited by name.
    pub known_seller: Text,
    /// The code came too late.
    pub code_not_taken: Text,
    /// All is done.
    pub done: Text,
    /// The authorization is kept, and something is left to be done for who invites.
    pub done_in_part: Text,
    /// Something fails that passes.
    pub not_now: Text,
}

impl Words {
    /// Those in that language.
    pub fn in_language(language: Language) -> &'static Self {
        match language {
            Language::English => &english::WORDS,
            Language::German => &german::WORDS,
            Language::Japanese => &japanese::WORDS,
            Language::Spanish => &spanish::WORDS,
            Language::French => &french::WORDS,
            Language::Italian => &italian::WORDS,
        }
    }
}
