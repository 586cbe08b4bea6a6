//! What the pages say: to people who have done nothing wrong, and to others nothing.

use pipeline::pages::Language;

/// The words of a page.
pub struct Words {
    /// What is the matter.
    pub title: &'static str,
    /// Why that may be.
    pub reason: &'static str,
    /// What to do.
    pub advice: &'static str,
}

/// There is no such link, whatever the cause.
pub fn leads_nowhere(language: Language) -> Words {
    match language {
        Language::English => Words {
            title: "This link does not work",
            reason: "It may have expired or been withdrawn, or a part of it may be missing.",
            advice: "Please ask whoever sent it to you for a new one.",
        },
        Language::German => Words {
            title: "Dieser Link funktioniert nicht",
            reason: "Er ist vielleicht abgelaufen oder zurückgezogen worden, oder ein Teil von ihm fehlt.",
            advice: "Bitten Sie den Absender um einen neuen.",
        },
        Language::Japanese => Words {
            title: "このリンクは使用できません",
            reason: "有効期限が切れたか、取り消されたか、リンクの一部が欠けている可能性があります。",
            advice: "送信者に新しいリンクを依頼してください。",
        },
        Language::Spanish => Words {
            title: "Este enlace no funciona",
            reason: "Puede que haya caducado, que se haya retirado o que esté incompleto.",
            advice: "Pida uno nuevo a quien se lo envió.",
        },
        Language::French => Words {
            title: "Ce lien ne fonctionne pas",
            reason: "Il a peut-être expiré ou été retiré, ou il en manque une partie.",
            advice: "Demandez-en un nouveau à la personne qui vous l’a envoyé.",
        },
        Language::Italian => Words {
            title: "Questo link non funziona",
            reason: "Potrebbe essere scaduto, essere stato revocato o essere incompleto.",
            advice: "Ne chieda uno nuovo a chi glielo ha inviato.",
        },
    }
}

/// Something fails that passes.
pub fn not_now(language: Language) -> Words {
    match language {
        Language::English => Words {
            title: "Please try again",
            reason: "The file is not available at the moment.",
            advice: "Open the link again in a minute.",
        },
        Language::German => Words {
            title: "Bitte noch einmal versuchen",
            reason: "Die Datei ist im Augenblick nicht verfügbar.",
            advice: "Öffnen Sie den Link in einer Minute noch einmal.",
        },
        Language::Japanese => Words {
            title: "もう一度お試しください",
            reason: "現在、ファイルを取得できません。",
            advice: "1分ほど待ってから、もう一度リンクを開いてください。",
        },
        Language::Spanish => Words {
            title: "Inténtelo de nuevo",
            reason: "El archivo no está disponible en este momento.",
            advice: "Vuelva a abrir el enlace dentro de un minuto.",
        },
        Language::French => Words {
            title: "Veuillez réessayer",
            reason: "Le fichier n’est pas disponible pour le moment.",
            advice: "Ouvrez de nouveau le lien dans une minute.",
        },
        Language::Italian => Words {
            title: "Riprovi",
            reason: "Il file non è disponibile in questo momento.",
            advice: "Apra di nuovo il link tra un minuto.",
        },
    }
}
