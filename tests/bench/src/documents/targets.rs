//! What was aimed at, and what was found.

use super::composition::Packing;
use super::contestant::Contestant::{
    self, LeastWork, LeastWorkInflating, NodeStream, Ours, Pipe, PythonByHand, PythonClient,
};
use super::contestant::Setting::{self, AsIs, AsIsByLength, Utf8};
use super::results::{Entry, Results};
use super::size::Size;
use crate::findings::Target;

const LARGE: Size = Size(8 << 30);
const SMALL: Size = Size(100 << 20);
const PACKINGS: [Packing; 2] = [Packing::Plain, Packing::Gzip];

/// In MiB.
const MEMORY: f64 = 64.0;
/// What a peak may differ by from one run to the next.
const SAME_MEMORY: f64 = 1.1;

/// All of them.
pub fn all(results: &Results) -> Vec<Target> {
    let mut targets = vec![right(results)];
    targets.extend(memory(results));
    targets.extend(as_is(results, Packing::Plain, AsIs));
    targets.extend(as_is(results, Packing::Gzip, AsIs));
    targets.extend(as_is(results, Packing::Gzip, AsIsByLength));
    for packing in PACKINGS {
        targets.extend(utf8(results, packing));
    }
    targets
}

/// Whatever is fast and wrong is worth nothing.
fn right(results: &Results) -> Target {
    let entries = results.scenes.iter().flat_map(|scene| &scene.entries);
    let ours = entries.filter(|entry| matches!(entry.contestant, Ours(_)));
    let (right, wrong) = ours.fold((0, 0), |(right, wrong), entry| {
        (
            right + entry.runs.len(),
            wrong + usize::from(entry.note.is_some()),
        )
    });
    Target {
        aim: "everything that ReportDocumentStorage stored is right".to_owned(),
        found: format!("{right} of {} runs", right + wrong),
        met: Some(wrong == 0),
    }
}

fn memory(results: &Results) -> Vec<Target> {
    let peak = |size| {
        let entries = PACKINGS.into_iter().flat_map(|packing| {
            [AsIs, AsIsByLength, Utf8]
                .map(|setting| results.entry(size, packing, Ours(setting)).and_then(Entry::peak))
        });
        entries.flatten().reduce(f64::max)
    };
    let growth = peak(LARGE).zip(peak(SMALL)).map(|(large, small)| large / small);
    vec![
        Target::at_most("8 GiB in at most 64 MiB of memory", peak(LARGE), MEMORY, " MiB"),
        Target::at_most(
            "memory does not grow from 100 MiB to 8 GiB (at most 1.1 ×)",
            growth,
            SAME_MEMORY,
            " ×",
        ),
    ]
}

fn as_is(results: &Results, packing: Packing, setting: Setting) -> Vec<Target> {
    let faster = |other| speed(results, packing, Ours(setting), other);
    let checked = if setting == AsIsByLength {
        ", by length"
    } else {
        ""
    };
    let what = |aim: &str| format!("1 GiB {packing}, as-is{checked}: {aim}");
    let cpu = figures(results, packing, Ours(setting), PythonByHand, Entry::cpu_seconds);
    let bound = match packing {
        Packing::Plain => 3.0,
        Packing::Gzip => 10.0,
    };
    let mut targets = vec![Target::at_least(
        what("at least 0.9 of the least work's throughput"),
        faster(LeastWork),
        0.9,
        " ×",
    )];
    if packing == Packing::Gzip && setting == AsIs {
        targets.push(Target::at_least(
            what("at least 0.9 of the least work's throughput, with the check that the gzip is whole"),
            faster(LeastWorkInflating),
            0.9,
            " ×",
        ));
    }
    targets.extend([
        Target::above(what("faster than Python by hand"), faster(PythonByHand)),
        Target::at_most(
            what("at most half of the CPU time of Python by hand"),
            cpu.map(|(ours, theirs)| ours / theirs),
            0.5,
            " ×",
        ),
        Target::at_least(
            what(&format!("at least {bound} × python-amazon-sp-api")),
            faster(PythonClient),
            bound,
            " ×",
        ),
        Target::above(what("faster than amazon-sp-api"), faster(NodeStream)),
    ]);
    targets
}

fn utf8(results: &Results, packing: Packing) -> Vec<Target> {
    let faster = |other| speed(results, packing, Ours(Utf8), other);
    let what = |aim: &str| format!("1 GiB {packing}, utf8: {aim}");
    let mut targets = vec![
        Target::above(what("faster than python-amazon-sp-api"), faster(PythonClient)),
        Target::above(what("faster than amazon-sp-api"), faster(NodeStream)),
    ];
    if packing == Packing::Gzip {
        targets.push(Target::at_least(
            what("at least 0.8 of gzip -d | gzip -1"),
            faster(Pipe),
            0.8,
            " ×",
        ));
    }
    targets
}

/// How many times faster one is than the other, with 1 GiB.
fn speed(results: &Results, packing: Packing, one: Contestant, other: Contestant) -> Option<f64> {
    let (one, other) = figures(results, packing, one, other, Entry::seconds)?;
    Some(other / one)
}

fn figures(
    results: &Results,
    packing: Packing,
    one: Contestant,
    other: Contestant,
    figure: impl Fn(&Entry) -> Option<f64>,
) -> Option<(f64, f64)> {
    let of = |contestant| results.entry(Size::GIB, packing, contestant).and_then(&figure);
    of(one).zip(of(other))
}

#[cfg(test)]
mod tests {
    use super::super::measurement::Run;
    use super::super::results::Scene;
    use super::*;

    fn scene(size: Size, packing: Packing, times: &[(Contestant, f64)]) -> Scene {
        let entry = |(contestant, seconds): &(Contestant, f64)| Entry {
            contestant: *contestant,
            runs: vec![Run {
                seconds: *seconds,
                cpu_seconds: *seconds,
                peak_bytes: 60 << 20,
            }],
            note: None,
        };
        Scene {
            size,
            packing,
            sent_bytes: size.0,
            entries: times.iter().map(entry).collect(),
        }
    }

    #[test]
    fn targets_are_computed_from_what_was_measured() {
        let plain = scene(
            Size::GIB,
            Packing::Plain,
            &[
                (Ours(AsIs), 4.0),
                (LeastWork, 3.6),
                (PythonByHand, 8.0),
                (PythonClient, 11.0),
            ],
        );
        let targets = all(&Results { scenes: vec![plain] });
        let met = |part: &str| {
            let found = targets.iter().find(|target| target.aim.contains(part));
            found.and_then(|target| target.met)
        };
        assert_eq!(met("everything"), Some(true));
        assert_eq!(met("plain, as-is: at least 0.9"), Some(true));
        assert_eq!(met("plain, as-is: at most half"), Some(true));
        assert_eq!(met("plain, as-is: at least 3 ×"), Some(false));
        assert_eq!(met("plain, as-is: faster than amazon-sp-api"), None);
        assert_eq!(met("8 GiB in at most"), None);
        assert_eq!(met("gzip, utf8: at least 0.8"), None);
    }

    #[test]
    fn memory_is_compared_between_sizes() {
        let small = scene(SMALL, Packing::Gzip, &[(Ours(Utf8), 1.0)]);
        let large = scene(LARGE, Packing::Gzip, &[(Ours(Utf8), 80.0)]);
        let targets = memory(&Results {
            scenes: vec![small, large],
        });
        assert!(
            targets.iter().all(|target| target.met == Some(true)),
            "{targets:?}"
        );
    }
}
