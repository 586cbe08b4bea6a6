//! What was measured of one function, over its lives.

use std::time::Duration;

use crate::numbers::{median, number};

/// Durations and memory, in the order in which they were measured.
#[derive(Clone, Debug, Default)]
pub struct Samples {
    /// From the process's start to its first `/next`.
    pub starts: Vec<Duration>,
    /// How long the first event took.
    pub first: Vec<Duration>,
    /// How long later events took.
    pub warm: Vec<Duration>,
    /// CPU time from the start to the first answer.
    pub cpu: Vec<Duration>,
    /// Peak resident memory, in bytes.
    pub memory: Vec<u64>,
}

impl Samples {
    /// Adds another life's.
    pub fn add(&mut self, other: Self) {
        self.starts.extend(other.starts);
        self.first.extend(other.first);
        self.warm.extend(other.warm);
        self.cpu.extend(other.cpu);
        self.memory.extend(other.memory);
    }

    /// The median start, in milliseconds.
    pub fn start(&self) -> f64 {
        median(self.starts.iter().copied().map(milliseconds))
    }

    /// The median first event, in milliseconds.
    pub fn first_event(&self) -> f64 {
        median(self.first.iter().copied().map(milliseconds))
    }

    /// The median of both together, in milliseconds: what a caller waits for.
    pub fn until_first_answer(&self) -> f64 {
        let both = self.starts.iter().zip(&self.first);
        median(both.map(|(start, first)| milliseconds(*start + *first)))
    }

    /// The median warm event, in milliseconds.
    pub fn warm_event(&self) -> f64 {
        median(self.warm.iter().copied().map(milliseconds))
    }

    /// The median CPU time until the first answer, in milliseconds.
    pub fn cpu_until_first_answer(&self) -> f64 {
        median(self.cpu.iter().copied().map(milliseconds))
    }

    /// The median peak, in MiB.
    pub fn peak_memory(&self) -> f64 {
        median(self.memory.iter().map(|bytes| number(*bytes) / 1_048_576.0))
    }
}

fn milliseconds(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1e3
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_caller_waits_for_start_and_event_of_the_same_life() {
        let life = |start, first| Samples {
            starts: vec![Duration::from_millis(start)],
            first: vec![Duration::from_millis(first)],
            ..Samples::default()
        };
        let mut samples = Samples::default();
        for (start, first) in [(1, 30), (10, 2), (3, 4)] {
            samples.add(life(start, first));
        }
        assert_eq!((samples.start(), samples.first_event()), (3.0, 4.0));
        assert_eq!(samples.until_first_answer(), 12.0);
    }
}
