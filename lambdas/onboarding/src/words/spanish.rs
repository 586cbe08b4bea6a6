use super::{Text, Words};

pub(super) const WORDS: Words = Words {
    invited_seller: Text {
        title: "{name} le pide acceso a sus informes de Amazon",
        paragraphs: &[
            "{name} desea obtener por usted los informes de su cuenta de vendedor en Amazon.",
            "Amazon le pedirá que inicie sesión en Seller Central y le mostrará qué puede ver la aplicación. Usted decide allí y puede ponerle fin allí en cualquier momento.",
            "Su contraseña no sale de Amazon. Tiene quince minutos para volver.",
        ],
    },
    invited_vendor: Text {
        title: "{name} le pide acceso a sus informes de Amazon",
        paragraphs: &[
            "{name} desea obtener por usted los informes de su cuenta de proveedor en Amazon.",
            "Amazon le pedirá que inicie sesión en Vendor Central y le mostrará qué puede ver la aplicación. Usted decide allí y puede ponerle fin allí en cualquier momento.",
            "Su contraseña no sale de Amazon. Tiene quince minutos para volver.",
        ],
    },
    go_on: "Continuar en Amazon",
    no_invitation: Text {
        title: "Esta invitación no funciona",
        paragraphs: &[
            "Puede que ya se haya usado, que haya caducado o que su dirección esté incompleta.",
            "Pida una nueva a quien se la envió.",
        ],
    },
    not_from_appstore: Text {
        title: "Esta página no se puede abrir así",
        paragraphs: &[
            "Es para vendedores que llegan desde la Appstore de Amazon, y falta algo de lo que Amazon envía.",
            "Empiece de nuevo en la Appstore o pida una invitación a {name}.",
        ],
    },
    not_begun_here: Text {
        title: "Esto no se puede terminar aquí",
        paragraphs: &[
            "Se empezó en otro navegador, hace más de quince minutos, o ya está terminado. No se ha guardado nada.",
            "Empiece de nuevo, con su invitación o en la Appstore, y permita las cookies de esta página.",
        ],
    },
    denied: Text {
        title: "No ha dado acceso",
        paragraphs: &[
            "Amazon dice que usted lo rechazó. No se ha guardado nada.",
            "Si cambia de opinión, abra de nuevo su invitación.",
        ],
    },
    draft: Text {
        title: "Amazon todavía no conoce esta aplicación",
        paragraphs: &[
            "El código de Amazon es MD1000: la aplicación es todavía un borrador. No se ha guardado nada, y no es culpa suya.",
            "Avise a {name}, por favor.",
        ],
    },
    redirect: Text {
        title: "Amazon todavía no conoce esta página",
        paragraphs: &[
            "El código de Amazon es MD5101: la dirección de esta página no está registrada en la aplicación. No se ha guardado nada, y no es culpa suya.",
            "Avise a {name}, por favor.",
        ],
    },
    refused: Text {
        title: "Amazon no ha dado acceso",
        paragraphs: &[
            "Amazon le envió de vuelta sin un motivo conocido aquí. No se ha guardado nada.",
            "Abra de nuevo su invitación. Si se repite, avise a {name}.",
        ],
    },
    other_seller: Text {
        title: "Era otra cuenta",
        paragraphs: &[
            "La invitación es para otra cuenta de Amazon que la que usó. No se ha guardado nada.",
            "Cierre la sesión en Amazon, abra de nuevo su invitación e inicie sesión con la cuenta invitada.",
        ],
    },
    known_seller: Text {
        title: "Esta cuenta ya está aquí",
        paragraphs: &[
            "Esta cuenta de Amazon ya dio acceso. Para que nadie pueda hacerse pasar por usted, hace falta una invitación para esta misma cuenta. No se ha guardado nada.",
            "Pídasela a {name}.",
        ],
    },
    code_not_taken: Text {
        title: "Ha tardado demasiado",
        paragraphs: &[
            "El permiso de Amazon vale cinco minutos y una sola vez. No se ha guardado nada.",
            "Abra de nuevo su invitación.",
        ],
    },
    done: Text {
        title: "Gracias, eso es todo",
        paragraphs: &[
            "{name} ya puede obtener sus informes de Amazon. Llegan a medida que Amazon los crea.",
            "Puede ponerle fin en cualquier momento en Amazon, donde administra sus aplicaciones.",
            "Puede cerrar esta página.",
        ],
    },
    done_in_part: Text {
        title: "Gracias, su parte está hecha",
        paragraphs: &[
            "{name} tiene su permiso. Queda un paso que no le toca a usted, sino a {name}: coménteselo, por favor.",
            "Puede cerrar esta página.",
        ],
    },
    not_now: Text {
        title: "Inténtelo de nuevo",
        paragraphs: &[
            "Esto no es posible en este momento. No se ha guardado nada.",
            "Vuelva a abrir su invitación dentro de un minuto.",
        ],
    },
};
