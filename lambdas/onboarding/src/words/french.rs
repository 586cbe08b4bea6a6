use super::{Text, Words};

pub(super) const WORDS: Words = Words {
    invited_seller: Text {
        title: "{name} demande l’accès à vos rapports Amazon",
        paragraphs: &[
            "{name} souhaite récupérer pour vous les rapports de votre compte de vendeur chez Amazon.",
            "Amazon va vous demander de vous connecter à Seller Central et vous montrer ce que l’application pourra voir. Vous décidez là-bas et pouvez y mettre fin à tout moment.",
            "Votre mot de passe reste chez Amazon. Vous avez quinze minutes pour revenir.",
        ],
    },
    invited_vendor: Text {
        title: "{name} demande l’accès à vos rapports Amazon",
        paragraphs: &[
            "{name} souhaite récupérer pour vous les rapports de votre compte de fournisseur chez Amazon.",
            "Amazon va vous demander de vous connecter à Vendor Central et vous montrer ce que l’application pourra voir. Vous décidez là-bas et pouvez y mettre fin à tout moment.",
            "Votre mot de passe reste chez Amazon. Vous avez quinze minutes pour revenir.",
        ],
    },
    go_on: "Continuer vers Amazon",
    no_invitation: Text {
        title: "Cette invitation ne fonctionne pas",
        paragraphs: &[
            "Elle a peut-être déjà servi ou expiré, ou il manque une partie de son adresse.",
            "Demandez-en une nouvelle à la personne qui vous l’a envoyée.",
        ],
    },
    not_from_appstore: Text {
        title: "Cette page ne s’ouvre pas ainsi",
        paragraphs: &[
            "Elle est destinée aux vendeurs qui viennent de l’Appstore d’Amazon, et il manque une partie de ce qu’Amazon envoie.",
            "Recommencez dans l’Appstore, ou demandez une invitation à {name}.",
        ],
    },
    not_begun_here: Text {
        title: "Ceci ne peut pas être terminé ici",
        paragraphs: &[
            "Cela a été commencé dans un autre navigateur, il y a plus de quinze minutes, ou est déjà terminé. Rien n’a été enregistré.",
            "Recommencez, avec votre invitation ou dans l’Appstore, et autorisez les cookies de cette page.",
        ],
    },
    denied: Text {
        title: "Vous n’avez pas donné l’accès",
        paragraphs: &[
            "Amazon indique que vous avez refusé. Rien n’a été enregistré.",
            "Si vous changez d’avis, ouvrez de nouveau votre invitation.",
        ],
    },
    draft: Text {
        title: "Amazon ne connaît pas encore cette application",
        paragraphs: &[
            "Le code d’Amazon est MD1000 : l’application est encore un brouillon. Rien n’a été enregistré, et ce n’est pas votre faute.",
            "Veuillez prévenir {name}.",
        ],
    },
    redirect: Text {
        title: "Amazon ne connaît pas encore cette page",
        paragraphs: &[
            "Le code d’Amazon est MD5101 : l’adresse de cette page n’est pas déclarée dans l’application. Rien n’a été enregistré, et ce n’est pas votre faute.",
            "Veuillez prévenir {name}.",
        ],
    },
    refused: Text {
        title: "Amazon n’a pas donné l’accès",
        paragraphs: &[
            "Amazon vous a renvoyé sans motif connu ici. Rien n’a été enregistré.",
            "Ouvrez de nouveau votre invitation. Si cela se reproduit, prévenez {name}.",
        ],
    },
    other_seller: Text {
        title: "C’était un autre compte",
        paragraphs: &[
            "L’invitation est destinée à un autre compte Amazon que celui que vous avez utilisé. Rien n’a été enregistré.",
            "Déconnectez-vous d’Amazon, ouvrez de nouveau votre invitation et connectez-vous avec le compte invité.",
        ],
    },
    known_seller: Text {
        title: "Ce compte est déjà inscrit",
        paragraphs: &[
            "Ce compte Amazon a déjà donné l’accès. Pour que personne ne puisse se faire passer pour vous, il faut une invitation destinée à ce compte précis pour le refaire. Rien n’a été enregistré.",
            "Demandez-la à {name}.",
        ],
    },
    code_not_taken: Text {
        title: "Cela a pris trop de temps",
        paragraphs: &[
            "L’autorisation d’Amazon vaut cinq minutes, et une seule fois. Rien n’a été enregistré.",
            "Ouvrez de nouveau votre invitation.",
        ],
    },
    done: Text {
        title: "Merci, c’est tout",
        paragraphs: &[
            "{name} peut maintenant récupérer vos rapports chez Amazon. Ils arrivent à mesure qu’Amazon les produit.",
            "Vous pouvez y mettre fin à tout moment chez Amazon, là où vous gérez vos applications.",
            "Vous pouvez fermer cette page.",
        ],
    },
    done_in_part: Text {
        title: "Merci, votre part est faite",
        paragraphs: &[
            "{name} a votre autorisation. Il reste une étape qui revient à {name}, et non à vous : merci de le signaler.",
            "Vous pouvez fermer cette page.",
        ],
    },
    not_now: Text {
        title: "Veuillez réessayer",
        paragraphs: &[
            "Ceci n’est pas possible pour le moment. Rien n’a été enregistré.",
            "Ouvrez de nouveau votre invitation dans une minute.",
        ],
    },
};
