//! Failures that were ordered through the control API.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Serialize;
use sp_api::RegionCode;

use crate::errors::ErrorShape;
use crate::random::Numbers;

/// What goes wrong.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase", tag = "kind")]
pub(crate) enum FaultKind {
    /// An error answer instead of the real one.
    Status {
        status: u16,
        code: Option<String>,
        message: Option<String>,
        details: Option<String>,
        shape: ErrorShape,
        headers: BTreeMap<String, String>,
    },
    /// The connection is reset before anything is answered, and nothing else happens.
    Reset,
    /// The call is carried out, and the connection is reset before anything is answered.
    LostAnswer,
    /// Silence before the answer; for documents, after that many bytes of it.
    Stall {
        milliseconds: u64,
        after_bytes: Option<u64>,
    },
    /// A document's connection is closed after that many bytes.
    Truncate { after_bytes: u64 },
    /// The byte in the middle of a gzip document arrives inverted. Other documents are spared: nobody
    /// could see it there.
    Corrupt,
    /// The document URL that is asked for has expired, and stays so.
    ExpireUrl,
}

/// A call, as far as orders can tell calls apart.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Target<'a> {
    pub(crate) operation: &'a str,
    pub(crate) seller_id: Option<&'a str>,
    pub(crate) region: Option<RegionCode>,
    /// Whether it is for a document that is compressed.
    pub(crate) is_gzip: bool,
}

impl FaultKind {
    /// How the journal names it.
    pub(crate) fn describe(&self) -> String {
        match self {
            Self::Status { status, .. } => format!("fault: status {status}"),
            Self::Reset => "fault: connection reset".to_owned(),
            Self::LostAnswer => "fault: answer lost".to_owned(),
            Self::Stall { milliseconds, .. } => format!("fault: stalled for {milliseconds} ms"),
            Self::Truncate { after_bytes } => format!("fault: truncated after {after_bytes} bytes"),
            Self::Corrupt => "fault: corrupted".to_owned(),
            Self::ExpireUrl => "fault: URL expired".to_owned(),
        }
    }

    /// How long the answer has to wait for its first byte.
    pub(crate) fn initial_stall(&self) -> Option<Duration> {
        match self {
            Self::Stall {
                milliseconds,
                after_bytes: None,
            } => Some(Duration::from_millis(*milliseconds)),
            _ => None,
        }
    }
}

/// How often it goes wrong.
#[derive(Clone, Debug)]
pub(crate) enum Frequency {
    /// The next so many calls.
    Count(u64),
    /// Each call with that probability, decided by seeded numbers.
    Probability(f64, Numbers),
}

/// One order.
#[derive(Clone, Debug)]
pub(crate) struct Fault {
    /// An operation's name, `lwa` or `document`.
    pub(crate) operation: String,
    pub(crate) seller_id: Option<String>,
    pub(crate) region: Option<RegionCode>,
    pub(crate) frequency: Frequency,
    pub(crate) kind: FaultKind,
    /// How many calls it has struck.
    pub(crate) struck: u64,
}

impl Fault {
    fn concerns(&self, target: Target<'_>) -> bool {
        self.operation == target.operation
            && self
                .seller_id
                .as_deref()
                .is_none_or(|seller| Some(seller) == target.seller_id)
            && self.region.is_none_or(|wanted| Some(wanted) == target.region)
            && (self.kind != FaultKind::Corrupt || target.is_gzip)
    }

    fn strikes(&mut self) -> bool {
        let strikes = match &mut self.frequency {
            Frequency::Count(0) => false,
            Frequency::Count(left) => {
                *left -= 1;
                true
            }
            Frequency::Probability(probability, numbers) => numbers.fraction() < *probability,
        };
        self.struck += u64::from(strikes);
        strikes
    }
}

/// The orders, oldest first; the first that concerns a call and strikes is the only one.
#[derive(Debug, Default)]
pub(crate) struct Faults {
    pub(crate) orders: Vec<Fault>,
}

impl Faults {
    /// Decides what goes wrong with a call.
    pub(crate) fn strike(&mut self, target: Target<'_>) -> Option<FaultKind> {
        let mut concerned = self.orders.iter_mut().filter(|fault| fault.concerns(target));
        let struck = concerned.find_map(|fault| fault.strikes().then(|| fault.kind.clone()));
        self.orders
            .retain(|fault| !matches!(fault.frequency, Frequency::Count(0)));
        struck
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fault(seller_id: Option<&str>, frequency: Frequency) -> Fault {
        Fault {
            operation: "getReport".to_owned(),
            seller_id: seller_id.map(str::to_owned),
            region: None,
            frequency,
            kind: FaultKind::Reset,
            struck: 0,
        }
    }

    fn call<'a>(operation: &'a str, seller_id: Option<&'a str>) -> Target<'a> {
        Target {
            operation,
            seller_id,
            region: None,
            is_gzip: false,
        }
    }

    #[test]
    fn only_compressed_documents_are_corrupted() {
        let mut corrupt = fault(None, Frequency::Count(1));
        corrupt.operation = "document".to_owned();
        corrupt.kind = FaultKind::Corrupt;
        let mut faults = Faults {
            orders: vec![corrupt],
        };
        let plain = call("document", Some("A"));
        assert_eq!(faults.strike(plain), None);
        let gzip = Target {
            is_gzip: true,
            ..plain
        };
        assert_eq!(faults.strike(gzip), Some(FaultKind::Corrupt));
    }

    #[test]
    fn a_count_is_used_up_by_the_calls_it_concerns() {
        let mut faults = Faults {
            orders: vec![fault(Some("A"), Frequency::Count(2))],
        };
        assert_eq!(faults.strike(call("createReport", Some("A"))), None);
        assert_eq!(faults.strike(call("getReport", Some("B"))), None);
        let concerned = call("getReport", Some("A"));
        assert_eq!(faults.strike(concerned), Some(FaultKind::Reset));
        assert_eq!(faults.strike(concerned), Some(FaultKind::Reset));
        assert_eq!(faults.strike(concerned), None);
        assert!(faults.orders.is_empty());
    }

    #[test]
    fn a_probability_gives_the_same_calls_for_the_same_seed() {
        let run = |seed| {
            let frequency = Frequency::Probability(0.3, Numbers::seeded(seed));
            let mut faults = Faults {
                orders: vec![fault(None, frequency)],
            };
            (0..100)
                .map(|_| faults.strike(call("getReport", None)).is_some())
                .collect::<Vec<_>>()
        };
        assert_eq!(run(7), run(7));
        assert_ne!(run(7), run(8));
        let hits = run(7).iter().filter(|hit| **hit).count();
        assert!((15..45).contains(&hits), "{hits} of 100 at 0.3");
    }
}
