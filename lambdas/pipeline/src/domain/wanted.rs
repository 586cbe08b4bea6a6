//! Which announced reports are delivered: everybody's, or those that were ordered here.

use std::collections::BTreeSet;
use std::str::FromStr;

use sp_api::ids::ReportType;

use super::storage_options::{UnknownOption, unknown};

/// Whose reports a stack delivers of sellers who have said nothing else.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Deliver {
    /// Whoever ordered them.
    #[default]
    All,
    /// Those that were ordered here.
    Ordered,
}

impl FromStr for Deliver {
    type Err = UnknownOption;

    fn from_str(text: &str) -> Result<Self, UnknownOption> {
        match text {
            "all" => Ok(Self::All),
            "ordered" => Ok(Self::Ordered),
            other => Err(unknown(other, "`all`, `ordered`")),
        }
    }
}

/// What a seller wants delivered besides reports that were ordered here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// Everything.
    All,
    /// Reports of these types.
    OfTypes(BTreeSet<ReportType>),
}

impl Wanted {
    /// What a stack delivers of a seller who has said nothing.
    #[must_use]
    pub fn by_default(deliver: Deliver) -> Self {
        match deliver {
            Deliver::All => Self::All,
            Deliver::Ordered => Self::OfTypes(BTreeSet::new()),
        }
    }

    /// What either of the two wants.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        match (self, other) {
            (Self::OfTypes(mut types), Self::OfTypes(more)) => {
                types.extend(more);
                Self::OfTypes(types)
            }
            _ => Self::All,
        }
    }

    /// Whether a report is wanted of which only its type is known, or not even that: then it may be of one
    /// that is wanted, and is rather delivered than lost.
    #[must_use]
    pub fn includes(&self, report_type: Option<&ReportType>) -> bool {
        match (self, report_type) {
            (Self::All, _) => true,
            (Self::OfTypes(types), Some(report_type)) => types.contains(report_type),
            (Self::OfTypes(types), None) => !types.is_empty(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of_types(names: &[&str]) -> Wanted {
        let parse = |name: &&str| ReportType::parse(name).expect("valid");
        Wanted::OfTypes(names.iter().map(parse).collect())
    }

    #[test]
    fn the_setting_is_read_as_it_is_set() {
        assert_eq!("all".parse(), Ok(Deliver::All));
        assert_eq!("ordered".parse(), Ok(Deliver::Ordered));
        assert!("".parse::<Deliver>().is_err());
    }

    #[test]
    fn a_type_is_wanted_by_whoever_named_it() {
        let (a, b) = (ReportType::parse("GET_A").ok(), ReportType::parse("GET_B").ok());
        let wanted = of_types(&["GET_A"]);
        assert!(wanted.includes(a.as_ref()) && !wanted.includes(b.as_ref()));
        assert!(wanted.clone().or(of_types(&["GET_B"])).includes(b.as_ref()));
        assert!(wanted.or(Wanted::All).includes(b.as_ref()));
        assert!(Wanted::by_default(Deliver::All).includes(b.as_ref()));
        assert!(!Wanted::by_default(Deliver::Ordered).includes(b.as_ref()));
    }

    #[test]
    fn an_unknown_type_may_be_a_wanted_one_unless_none_is() {
        assert!(Wanted::All.includes(None) && of_types(&["GET_A"]).includes(None));
        assert!(!of_types(&[]).includes(None));
    }
}
