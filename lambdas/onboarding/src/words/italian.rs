use super::{Text, Words};

pub(super) const WORDS: Words = Words {
    invited_seller: Text {
        title: "{name} chiede l’accesso ai suoi report di Amazon",
        paragraphs: &[
            "{name} desidera prelevare per lei i report del suo account venditore su Amazon.",
            "Amazon le chiederà di accedere a Seller Central e le mostrerà che cosa può vedere l’applicazione. Decide lei, e può porvi fine lì in qualsiasi momento.",
            "La sua password resta ad Amazon. Ha quindici minuti per tornare.",
        ],
    },
    invited_vendor: Text {
        title: "{name} chiede l’accesso ai suoi report di Amazon",
        paragraphs: &[
            "{name} desidera prelevare per lei i report del suo account fornitore su Amazon.",
            "Amazon le chiederà di accedere a Vendor Central e le mostrerà che cosa può vedere l’applicazione. Decide lei, e può porvi fine lì in qualsiasi momento.",
            "La sua password resta ad Amazon. Ha quindici minuti per tornare.",
        ],
    },
    go_on: "Continua su Amazon",
    no_invitation: Text {
        title: "Questo invito non funziona",
        paragraphs: &[
            "Potrebbe essere già stato usato, essere scaduto o avere un indirizzo incompleto.",
            "Ne chieda uno nuovo a chi glielo ha inviato.",
        ],
    },
    not_from_appstore: Text {
        title: "Questa pagina non si apre così",
        paragraphs: &[
            "È per i venditori che arrivano dall’Appstore di Amazon, e manca qualcosa di ciò che Amazon invia.",
            "Ricominci dall’Appstore, o chieda un invito a {name}.",
        ],
    },
    not_begun_here: Text {
        title: "Qui non si può concludere",
        paragraphs: &[
            "È stato iniziato in un altro browser, più di quindici minuti fa, o è già concluso. Non è stato salvato nulla.",
            "Ricominci, con il suo invito o dall’Appstore, e consenta i cookie di questa pagina.",
        ],
    },
    denied: Text {
        title: "Non ha dato l’accesso",
        paragraphs: &[
            "Amazon dice che lei ha rifiutato. Non è stato salvato nulla.",
            "Se cambia idea, apra di nuovo il suo invito.",
        ],
    },
    draft: Text {
        title: "Amazon non conosce ancora questa applicazione",
        paragraphs: &[
            "Il codice di Amazon è MD1000: l’applicazione è ancora una bozza. Non è stato salvato nulla, e non è colpa sua.",
            "Lo segnali a {name}.",
        ],
    },
    redirect: Text {
        title: "Amazon non conosce ancora questa pagina",
        paragraphs: &[
            "Il codice di Amazon è MD5101: l’indirizzo di questa pagina non è registrato nell’applicazione. Non è stato salvato nulla, e non è colpa sua.",
            "Lo segnali a {name}.",
        ],
    },
    refused: Text {
        title: "Amazon non ha dato l’accesso",
        paragraphs: &[
            "Amazon l’ha rimandata indietro senza un motivo noto qui. Non è stato salvato nulla.",
            "Apra di nuovo il suo invito. Se succede ancora, lo segnali a {name}.",
        ],
    },
    other_seller: Text {
        title: "Era un altro account",
        paragraphs: &[
            "L’invito è per un account Amazon diverso da quello che ha usato. Non è stato salvato nulla.",
            "Esca da Amazon, apra di nuovo il suo invito e acceda con l’account invitato.",
        ],
    },
    known_seller: Text {
        title: "Questo account è già presente",
        paragraphs: &[
            "Questo account Amazon ha già dato l’accesso. Perché nessuno possa fingersi lei, per darlo di nuovo serve un invito per questo preciso account. Non è stato salvato nulla.",
            "Lo chieda a {name}.",
        ],
    },
    code_not_taken: Text {
        title: "Ci è voluto troppo tempo",
        paragraphs: &[
            "L’autorizzazione di Amazon vale cinque minuti, e una volta sola. Non è stato salvato nulla.",
            "Apra di nuovo il suo invito.",
        ],
    },
    done: Text {
        title: "Grazie, è tutto",
        paragraphs: &[
            "{name} può ora prelevare i suoi report da Amazon. Arrivano man mano che Amazon li crea.",
            "Può porvi fine in qualsiasi momento su Amazon, dove gestisce le sue applicazioni.",
            "Può chiudere questa pagina.",
        ],
    },
    done_in_part: Text {
        title: "Grazie, la sua parte è fatta",
        paragraphs: &[
            "{name} ha la sua autorizzazione. Resta un passo che spetta a {name}, non a lei: lo segnali, per favore.",
            "Può chiudere questa pagina.",
        ],
    },
    not_now: Text {
        title: "Riprovi",
        paragraphs: &[
            "Al momento non è possibile. Non è stato salvato nulla.",
            "Apra di nuovo il suo invito tra un minuto.",
        ],
    },
};
