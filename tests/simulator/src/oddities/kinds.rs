//! What every group of oddities is: a closed list of kinds, each with a name.

/// Declares a group: an enum of kinds, the list of all of them, and their names.
macro_rules! kinds {
    ($(#[$about:meta])* $group:ident { $($(#[$meaning:meta])* $kind:ident = $name:literal,)+ }) => {
        $(#[$about])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub(crate) enum $group {
            $($(#[$meaning])* $kind,)+
        }

        impl $group {
            /// All of them.
            pub(crate) const ALL: &[Self] = &[$(Self::$kind,)+];

            /// What the control API calls it.
            pub(crate) fn name(self) -> &'static str {
                match self {
                    $(Self::$kind => $name,)+
                }
            }
        }
    };
}

pub(crate) use kinds;
