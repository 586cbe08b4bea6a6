//! The command line.

use std::collections::BTreeSet;
use std::fmt;

use clap::Parser;

/// Orders many reports while everything fails, and counts what came of them.
#[derive(Debug, Parser)]
#[command(name = "cargo local chaos", version)]
pub struct Options {
    /// How many reports are ordered
    #[arg(long, value_name = "N", default_value_t = 60, value_parser = clap::value_parser!(u32).range(1..=20_000))]
    pub reports: u32,

    /// What decides about everything: the same seed plans the same storm
    #[arg(long, value_name = "S", default_value_t = 1)]
    pub seed: u64,

    /// What goes wrong: a list of lwa, sp-api, throttle, document, notifications, rotation, kill,
    /// aws and odd; `all` of these, or `none`; and outage, which is not among all
    #[arg(long, value_name = "LIST", value_parser = Faults::parse)]
    pub faults: Option<Faults>,

    /// No storm: N reports of one seller finish together, and how long they take is measured
    #[arg(long, value_name = "N", conflicts_with_all = ["reports", "faults"], value_parser = clap::value_parser!(u32).range(16..=5_000))]
    pub drain: Option<u32>,

    /// How many times faster than at Amazon quotas fill up again; the simulator knows if it is left out
    #[arg(long, value_name = "FACTOR")]
    pub speed_up: Option<f64>,

    /// Print the result as JSON; everything else goes to standard error
    #[arg(long)]
    pub json: bool,
}

/// A kind of fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// Login with Amazon is out of order, and forgets access tokens.
    Lwa,
    /// SP-API's operations fail.
    SpApi,
    /// SP-API throttles although there is quota left.
    Throttle,
    /// Documents break on their way.
    Document,
    /// Notifications are lost, late or repeated, and there is garbage among them.
    Notifications,
    /// The client secret is rotated.
    Rotation,
    /// Functions' processes are killed.
    Kill,
    /// AWS itself fails.
    Aws,
    /// Messages, documents and answers are not what Amazon's schemas say.
    Odd,
    /// For minutes Amazon takes no secret that the stack has. That takes its time, and so is for who asks
    /// for it.
    Outage,
}

impl Kind {
    /// All of them.
    pub const ALL: [Self; 10] = [
        Self::Lwa,
        Self::SpApi,
        Self::Throttle,
        Self::Document,
        Self::Notifications,
        Self::Rotation,
        Self::Kill,
        Self::Aws,
        Self::Odd,
        Self::Outage,
    ];

    fn name(self) -> &'static str {
        match self {
            Self::Lwa => "lwa",
            Self::SpApi => "sp-api",
            Self::Throttle => "throttle",
            Self::Document => "document",
            Self::Notifications => "notifications",
            Self::Rotation => "rotation",
            Self::Kill => "kill",
            Self::Aws => "aws",
            Self::Odd => "odd",
            Self::Outage => "outage",
        }
    }
}

/// What goes wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Faults(BTreeSet<Kind>);

impl Faults {
    /// Everything that a storm is made of.
    pub fn all() -> Self {
        let kinds = Kind::ALL.into_iter().filter(|kind| *kind != Kind::Outage);
        Self(kinds.collect())
    }

    /// Nothing.
    pub fn none() -> Self {
        Self(BTreeSet::new())
    }

    /// One.
    pub fn only(kind: Kind) -> Self {
        Self([kind].into())
    }

    fn parse(list: &str) -> Result<Self, String> {
        let mut kinds = BTreeSet::new();
        for name in list.split(',') {
            match (name, Kind::ALL.into_iter().find(|kind| kind.name() == name)) {
                ("all", _) => kinds.extend(Self::all().0),
                ("none", _) => {}
                (_, Some(kind)) => kinds.extend([kind]),
                _ => return Err(format!("there is no kind {name:?}; there are {}", Self::all())),
            }
        }
        Ok(Self(kinds))
    }

    /// Whether that kind is among them.
    pub fn have(&self, kind: Kind) -> bool {
        self.0.contains(&kind)
    }

    /// Takes one out.
    pub fn remove(&mut self, kind: Kind) {
        self.0.remove(&kind);
    }
}

impl fmt::Display for Faults {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() {
            return formatter.write_str("none");
        }
        let names: Vec<_> = self.0.iter().map(|kind| kind.name()).collect();
        formatter.write_str(&names.join(","))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_of_faults_is_read_and_written() {
        let faults = Faults::parse("kill,lwa").expect("known");
        assert!(faults.have(Kind::Kill) && !faults.have(Kind::Aws));
        assert_eq!(faults.to_string(), "lwa,kill");
        assert_eq!(Faults::parse(&Faults::all().to_string()), Ok(Faults::all()));
        assert_eq!(Faults::parse("none"), Ok(Faults::none()));
        assert_eq!(Faults::parse("lwa,all"), Ok(Faults::all()));
        let outage = Faults::parse("all,outage").expect("known");
        assert!(outage.have(Kind::Outage) && !Faults::all().have(Kind::Outage));
        let complaint = Faults::parse("lwa,weather").expect_err("unknown");
        assert!(
            complaint.contains("\"weather\"") && complaint.contains("sp-api"),
            "{complaint}"
        );
    }

    #[test]
    fn the_command_line_makes_sense() {
        use clap::CommandFactory as _;
        Options::command().debug_assert();
        let drain = Options::try_parse_from(["chaos", "--drain", "200", "--reports", "5"]);
        assert!(drain.is_err(), "one or the other");
    }
}
