use super::{Text, Words};

pub(super) const WORDS: Words = Words {
    invited_seller: Text {
        title: "{name} bittet um Zugang zu Ihren Amazon-Berichten",
        paragraphs: &[
            "{name} möchte die Berichte Ihres Verkäuferkontos bei Amazon für Sie abholen.",
            "Amazon bittet Sie gleich, sich bei Seller Central anzumelden, und zeigt, was die Anwendung sehen darf. Sie entscheiden dort und können es dort jederzeit beenden.",
            "Ihr Passwort bleibt bei Amazon. Sie haben fünfzehn Minuten Zeit, um zurückzukommen.",
        ],
    },
    invited_vendor: Text {
        title: "{name} bittet um Zugang zu Ihren Amazon-Berichten",
        paragraphs: &[
            "{name} möchte die Berichte Ihres Lieferantenkontos bei Amazon für Sie abholen.",
            "Amazon bittet Sie gleich, sich bei Vendor Central anzumelden, und zeigt, was die Anwendung sehen darf. Sie entscheiden dort und können es dort jederzeit beenden.",
            "Ihr Passwort bleibt bei Amazon. Sie haben fünfzehn Minuten Zeit, um zurückzukommen.",
        ],
    },
    go_on: "Weiter zu Amazon",
    no_invitation: Text {
        title: "Diese Einladung funktioniert nicht",
        paragraphs: &[
            "Sie ist vielleicht schon benutzt worden oder abgelaufen, oder ein Teil ihrer Adresse fehlt.",
            "Bitten Sie den Absender um eine neue.",
        ],
    },
    not_from_appstore: Text {
        title: "Diese Seite lässt sich so nicht öffnen",
        paragraphs: &[
            "Sie ist für Verkäufer, die aus Amazons Appstore kommen, und etwas von dem fehlt, was Amazon mitschickt.",
            "Beginnen Sie noch einmal im Appstore, oder bitten Sie {name} um eine Einladung.",
        ],
    },
    not_begun_here: Text {
        title: "Das lässt sich hier nicht abschließen",
        paragraphs: &[
            "Es wurde in einem anderen Browser begonnen, vor mehr als fünfzehn Minuten, oder ist schon abgeschlossen. Nichts ist gespeichert worden.",
            "Beginnen Sie noch einmal, mit Ihrer Einladung oder im Appstore, und erlauben Sie dieser Seite Cookies.",
        ],
    },
    denied: Text {
        title: "Sie haben keinen Zugang gegeben",
        paragraphs: &[
            "Amazon sagt, dass Sie abgelehnt haben. Nichts ist gespeichert worden.",
            "Wenn Sie es sich anders überlegen, öffnen Sie Ihre Einladung noch einmal.",
        ],
    },
    draft: Text {
        title: "Amazon kennt diese Anwendung noch nicht",
        paragraphs: &[
            "Amazons Code ist MD1000: Die Anwendung ist noch ein Entwurf. Nichts ist gespeichert worden, und es liegt nicht an Ihnen.",
            "Bitte sagen Sie es {name}.",
        ],
    },
    redirect: Text {
        title: "Amazon kennt diese Seite noch nicht",
        paragraphs: &[
            "Amazons Code ist MD5101: Die Adresse dieser Seite ist nicht bei der Anwendung eingetragen. Nichts ist gespeichert worden, und es liegt nicht an Ihnen.",
            "Bitte sagen Sie es {name}.",
        ],
    },
    refused: Text {
        title: "Amazon hat keinen Zugang gegeben",
        paragraphs: &[
            "Amazon hat Sie zurückgeschickt, ohne einen Grund zu nennen, der hier bekannt ist. Nichts ist gespeichert worden.",
            "Öffnen Sie Ihre Einladung noch einmal. Geschieht es wieder, sagen Sie es {name}.",
        ],
    },
    other_seller: Text {
        title: "Das war ein anderes Konto",
        paragraphs: &[
            "Die Einladung ist für ein anderes Amazon-Konto als das, das Sie benutzt haben. Nichts ist gespeichert worden.",
            "Melden Sie sich bei Amazon ab, öffnen Sie Ihre Einladung noch einmal, und melden Sie sich mit dem eingeladenen Konto an.",
        ],
    },
    known_seller: Text {
        title: "Dieses Konto ist schon dabei",
        paragraphs: &[
            "Dieses Amazon-Konto hat schon Zugang gegeben. Damit sich niemand für Sie ausgeben kann, braucht es dafür noch einmal eine Einladung für genau dieses Konto. Nichts ist gespeichert worden.",
            "Bitten Sie {name} darum.",
        ],
    },
    code_not_taken: Text {
        title: "Das hat zu lange gedauert",
        paragraphs: &[
            "Amazons Erlaubnis gilt fünf Minuten lang und nur einmal. Nichts ist gespeichert worden.",
            "Öffnen Sie Ihre Einladung noch einmal.",
        ],
    },
    done: Text {
        title: "Danke, das war alles",
        paragraphs: &[
            "{name} darf Ihre Berichte jetzt bei Amazon abholen. Sie kommen, sobald Amazon sie erstellt.",
            "Sie können das jederzeit bei Amazon beenden, wo Sie Ihre Anwendungen verwalten.",
            "Sie können diese Seite schließen.",
        ],
    },
    done_in_part: Text {
        title: "Danke, Ihr Teil ist getan",
        paragraphs: &[
            "{name} hat Ihre Erlaubnis. Ein Schritt fehlt noch, den nicht Sie tun müssen, sondern {name}: Bitte erwähnen Sie es.",
            "Sie können diese Seite schließen.",
        ],
    },
    not_now: Text {
        title: "Bitte noch einmal versuchen",
        paragraphs: &[
            "Das ist im Augenblick nicht möglich. Nichts ist gespeichert worden.",
            "Öffnen Sie Ihre Einladung in einer Minute noch einmal.",
        ],
    },
};
