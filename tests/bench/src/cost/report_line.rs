//! The line that Lambda logs at the end of every invocation.

/// What it says.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ReportLine {
    /// What is paid for.
    pub billed_milliseconds: f64,
    /// The function's memory size.
    pub memory_mb: f64,
}

impl ReportLine {
    /// Reads `REPORT RequestId: …\tDuration: … ms\tBilled Duration: 12 ms\tMemory Size: 256 MB\t…`, or
    /// what stands for it in the JSON format. `None` for any other line.
    pub fn parse(line: &str) -> Option<Self> {
        if let Some(rest) = line.trim_start().strip_prefix("REPORT ") {
            return Some(Self {
                billed_milliseconds: number(rest, "Billed Duration: ", " ms")?,
                memory_mb: number(rest, "Memory Size: ", " MB")?,
            });
        }
        let event: serde_json::Value = serde_json::from_str(line).ok()?;
        if event["type"] != "platform.report" {
            return None;
        }
        let metrics = &event["record"]["metrics"];
        Some(Self {
            billed_milliseconds: metrics["billedDurationMs"].as_f64()?,
            memory_mb: metrics["memorySizeMB"].as_f64()?,
        })
    }
}

/// The number after `name` and before `unit`.
fn number(line: &str, name: &str, unit: &str) -> Option<f64> {
    let (_, rest) = line.split_once(name)?;
    rest.split_once(unit)?.0.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINE: &str = "REPORT RequestId: 6f0c\tDuration: 11.27 ms\tBilled Duration: 12 ms\tMemory Size: 256 MB\tMax Memory Used: 31 MB\tInit Duration: 38.10 ms\t\n";

    #[test]
    fn the_billed_duration_is_read_and_not_the_other() {
        let expected = ReportLine {
            billed_milliseconds: 12.0,
            memory_mb: 256.0,
        };
        assert_eq!(ReportLine::parse(LINE), Some(expected));
        let json = r#"{"time":"2026-11-22T08:00:00.000Z","type":"platform.report","record":{"requestId":"6f0c",
            "metrics":{"durationMs":11.27,"billedDurationMs":12,"memorySizeMB":256,"maxMemoryUsedMB":31},"status":"success"}}"#;
        assert_eq!(ReportLine::parse(json), Some(expected));
    }

    #[test]
    fn other_lines_are_none() {
        for line in [
            "START RequestId: 6f0c Version: $LATEST",
            "END RequestId: 6f0c",
            r#"{"level":"INFO","fields":{"message":"REPORT Billed Duration: 1 ms Memory Size: 1 MB"}}"#,
            "REPORT RequestId: 6f0c\tDuration: 11.27 ms",
            "",
        ] {
            assert_eq!(ReportLine::parse(line), None, "{line}");
        }
    }
}
