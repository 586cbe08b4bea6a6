//! What came of everybody's turns.

use serde::{Serialize, Serializer};

use super::composition::Packing;
use super::contestant::Contestant;
use super::measurement::Run;
use super::size::Size;
use crate::table::Table;

/// Above the tables.
pub const CAPTION: &str = "\
From a source on this machine into an S3 on this machine that only counts, both over TLS 1.3 and in
processes of their own. \"1 GiB\" is a report with 1 GiB of plain text, also where it is sent as gzip, and
MiB/s are MiB of plain text. Each run is a new process; the median of the runs is shown. Time starts
with the order, not with the process; memory is the process's own at its peak. Everybody's bytes were
checked in the S3. README.md beside the bench says who is who.";

/// Below this, a hundredth of a second is too coarse for a GiB's CPU time.
const LEAST_FOR_CPU: Size = Size(64 << 20);

/// All turns.
#[derive(Debug, Serialize)]
pub struct Results {
    pub scenes: Vec<Scene>,
}

/// One document.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Scene {
    /// Of the plain text, in bytes.
    pub size: Size,
    pub packing: Packing,
    /// What the source sends.
    pub sent_bytes: u64,
    pub entries: Vec<Entry>,
}

/// One contestant's turns.
#[derive(Debug)]
pub struct Entry {
    pub contestant: Contestant,
    pub runs: Vec<Run>,
    /// Why there are none, or no more.
    pub note: Option<String>,
}

impl Serialize for Entry {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Shown<'a> {
            contestant: Contestant,
            name: String,
            runs: &'a [Run],
            #[serde(skip_serializing_if = "Option::is_none")]
            note: Option<&'a str>,
        }
        Shown {
            contestant: self.contestant,
            name: self.contestant.to_string(),
            runs: &self.runs,
            note: self.note.as_deref(),
        }
        .serialize(serializer)
    }
}

impl Entry {
    /// The median time; none if it did not get through each time.
    pub fn seconds(&self) -> Option<f64> {
        self.median(|run| run.seconds)
    }

    /// The median CPU time.
    pub fn cpu_seconds(&self) -> Option<f64> {
        self.median(|run| run.cpu_seconds)
    }

    /// The largest peak, in MiB.
    pub fn peak(&self) -> Option<f64> {
        let peak = self.runs.iter().map(|run| run.peak_bytes).max()?;
        Some(Size(peak).mib())
    }

    fn median(&self, figure: impl Fn(&Run) -> f64) -> Option<f64> {
        if self.note.is_some() {
            return None;
        }
        let mut figures: Vec<f64> = self.runs.iter().map(figure).collect();
        figures.sort_by(f64::total_cmp);
        let middle = figures.len() / 2;
        let upper = *figures.get(middle)?;
        if figures.len() % 2 == 1 {
            return Some(upper);
        }
        Some((upper + figures.get(middle.checked_sub(1)?)?) / 2.0)
    }
}

impl Results {
    /// A contestant's turns with one document.
    pub fn entry(&self, size: Size, packing: Packing, contestant: Contestant) -> Option<&Entry> {
        let mut scenes = self.scenes.iter();
        let scene = scenes.find(|scene| scene.size == size && scene.packing == packing)?;
        scene.entry(contestant)
    }

    /// For people.
    pub fn tables(&self) -> Vec<Table> {
        self.scenes.iter().map(Scene::table).collect()
    }
}

impl Scene {
    fn entry(&self, contestant: Contestant) -> Option<&Entry> {
        self.entries.iter().find(|entry| entry.contestant == contestant)
    }

    fn table(&self) -> Table {
        let sent = Size(self.sent_bytes).mib();
        let title = match self.packing {
            Packing::Plain => format!("{}, plain", self.size),
            Packing::Gzip => format!("{}, sent as {sent:.1} MiB of gzip", self.size),
        };
        let columns = [
            "",
            "time",
            "MiB/s",
            "× least work",
            "CPU s/GiB",
            "peak MiB",
            "runs",
        ];
        let mut table = Table::new(title, columns);
        let least = self.entry(Contestant::LeastWork).and_then(Entry::seconds);
        for entry in &self.entries {
            let cell = |figure: Option<f64>, decimals: usize| {
                figure.map_or_else(|| "–".to_owned(), |figure| format!("{figure:.decimals$}"))
            };
            let seconds = entry.seconds();
            let cpu = entry
                .cpu_seconds()
                .filter(|_| self.size >= LEAST_FOR_CPU)
                .map(|seconds| seconds / self.size.gib());
            let name = entry.contestant.to_string();
            let time = seconds.map_or_else(|| "–".to_owned(), time);
            table.row([
                name.clone(),
                time,
                cell(seconds.map(|seconds| self.size.mib() / seconds), 0),
                cell(seconds.zip(least).map(|(seconds, least)| least / seconds), 2),
                cell(cpu, 2),
                cell(entry.peak(), 0),
                entry.runs.len().to_string(),
            ]);
            if let Some(note) = &entry.note {
                table.note(format!("{name}: {note}"));
            }
        }
        table
    }
}

fn time(seconds: f64) -> String {
    if seconds < 1.0 {
        format!("{:.0} ms", seconds * 1000.0)
    } else {
        format!("{seconds:.2} s")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(seconds: &[f64]) -> Entry {
        let run = |seconds: &f64| Run {
            seconds: *seconds,
            cpu_seconds: 0.5,
            peak_bytes: 3 << 20,
        };
        Entry {
            contestant: Contestant::LeastWork,
            runs: seconds.iter().map(run).collect(),
            note: None,
        }
    }

    #[test]
    fn medians_are_in_the_middle() {
        assert_eq!(entry(&[3.0, 1.0, 2.0]).seconds(), Some(2.0));
        assert_eq!(entry(&[4.0, 1.0]).seconds(), Some(2.5));
        assert_eq!(entry(&[]).seconds(), None);
        let failed = Entry {
            note: Some("no memory".to_owned()),
            ..entry(&[1.0])
        };
        assert_eq!(failed.seconds(), None);
        assert_eq!(failed.peak(), Some(3.0));
    }

    #[test]
    fn a_table_compares_with_the_least_work() {
        let scene = Scene {
            size: Size(100 << 20),
            packing: Packing::Plain,
            sent_bytes: 100 << 20,
            entries: vec![entry(&[0.5])],
        };
        let table = scene.table().to_string();
        assert!(
            table.contains("500 ms    200          1.00       5.12         3     1"),
            "{table}"
        );
    }
}
