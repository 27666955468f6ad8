//! What was found: rows of figures with the promises they are held against, as a table for people and JSON for
//! programs.

use crate::stats::Quartiles;
use serde::Serialize;
use std::fmt::Write;

/// Everything one run has found.
#[derive(Default, Serialize)]
pub(crate) struct Report {
    pub(crate) date: String,
    pub(crate) commit: String,
    pub(crate) profile: String,
    pub(crate) machine: String,
    pub(crate) rows: Vec<Row>,
    /// What was left out, and what a reader must know about how it was measured.
    pub(crate) notes: Vec<String>,
}

/// One figure, beside the one it is compared with.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Row {
    pub(crate) scenario: String,
    pub(crate) measure: &'static str,
    pub(crate) unit: Unit,
    pub(crate) ours: f64,
    pub(crate) compared_with: Option<Compared>,
    /// Of ours over theirs, pair by pair.
    pub(crate) ratio: Option<Quartiles>,
    pub(crate) target: Option<Target>,
    pub(crate) pass: Option<bool>,
}

#[derive(Clone, Debug, Serialize)]
pub(crate) struct Compared {
    pub(crate) with: &'static str,
    pub(crate) value: f64,
}

/// A promise.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Target {
    /// As people say it.
    pub(crate) said: String,
    pub(crate) at_most: f64,
    /// What is held against it: the figure itself or a ratio.
    pub(crate) measured: f64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Unit {
    Microseconds,
    Milliseconds,
    Bytes,
    PerSecond,
    Count,
}

impl Row {
    pub(crate) fn new(
        scenario: impl Into<String>,
        measure: &'static str,
        unit: Unit,
        ours: f64,
    ) -> Self {
        Self {
            scenario: scenario.into(),
            measure,
            unit,
            ours,
            compared_with: None,
            ratio: None,
            target: None,
            pass: None,
        }
    }

    pub(crate) fn beside(mut self, with: &'static str, value: f64) -> Self {
        self.compared_with = Some(Compared { with, value });
        self
    }

    pub(crate) fn ratio(mut self, ratio: Option<Quartiles>) -> Self {
        self.ratio = ratio;
        self
    }

    /// Holds the figure itself against a limit.
    pub(crate) fn at_most(self, limit: f64, said: impl Into<String>) -> Self {
        let measured = self.ours;
        self.hold(measured, limit, said.into())
    }

    /// Holds the ratio against a limit, where there is one; the ratio of the two figures where there are no pairs.
    pub(crate) fn ratio_within(self, limit: Option<f64>) -> Self {
        let Some(limit) = limit else {
            return self;
        };
        let measured = match (&self.ratio, &self.compared_with) {
            (Some(ratio), _) => ratio.median,
            (None, Some(compared)) if compared.value > 0.0 => self.ours / compared.value,
            _ => return self,
        };
        let with = self
            .compared_with
            .as_ref()
            .map_or("", |compared| compared.with);
        let said = format!("≤ {limit} × {with}");
        self.hold(measured, limit, said)
    }

    fn hold(mut self, measured: f64, at_most: f64, said: String) -> Self {
        self.pass = Some(measured <= at_most);
        self.target = Some(Target {
            said,
            at_most,
            measured,
        });
        self
    }
}

impl Unit {
    fn show(self, value: f64) -> String {
        match self {
            Self::Microseconds => format!("{value:.0} µs"),
            Self::Milliseconds => format!("{value:.2} ms"),
            Self::Bytes if value < 1024.0 * 1024.0 => format!("{:.0} KiB", value / 1024.0),
            Self::Bytes => format!("{:.2} MiB", value / (1024.0 * 1024.0)),
            Self::PerSecond => format!("{value:.0}/s"),
            Self::Count if value.fract() == 0.0 => format!("{value:.0}"),
            Self::Count => format!("{value:.4}"),
        }
    }
}

impl Report {
    pub(crate) fn failures(&self) -> usize {
        self.rows
            .iter()
            .filter(|row| row.pass == Some(false))
            .count()
    }

    /// A table that reads well in a terminal and in Markdown.
    pub(crate) fn table(&self) -> String {
        let mut lines = vec![
            [
                "scenario",
                "figure",
                "measured",
                "beside it",
                "ratio (quartiles)",
                "target",
                "",
            ]
            .map(str::to_owned),
        ];
        for row in &self.rows {
            lines.push([
                row.scenario.clone(),
                row.measure.to_owned(),
                row.unit.show(row.ours),
                row.compared_with
                    .as_ref()
                    .map_or_else(String::new, |compared| {
                        format!("{} {}", compared.with, row.unit.show(compared.value))
                    }),
                row.ratio.map_or_else(String::new, |ratio| {
                    format!("{:.2} ({:.2}–{:.2})", ratio.median, ratio.low, ratio.high)
                }),
                row.target
                    .as_ref()
                    .map_or_else(String::new, |target| target.said.clone()),
                row.pass
                    .map_or("", |pass| if pass { "pass" } else { "FAIL" })
                    .to_owned(),
            ]);
        }
        let mut widths = [0; 7];
        for line in &lines {
            for (width, cell) in widths.iter_mut().zip(line) {
                *width = (*width).max(cell.chars().count());
            }
        }
        let mut table = String::new();
        for (index, line) in lines.iter().enumerate() {
            for (width, cell) in widths.iter().zip(line) {
                let _ = write!(table, "| {cell:width$} ");
            }
            table.push_str("|\n");
            if index == 0 {
                for width in widths {
                    let _ = write!(table, "|{}", "-".repeat(width + 2));
                }
                table.push_str("|\n");
            }
        }
        table
    }

    /// Everything for a person to read, with the run's circumstances.
    pub(crate) fn text(&self) -> String {
        let mut text = format!(
            "Measured {} at {} ({} profile) on {}\n\n{}\n",
            self.date,
            self.commit,
            self.profile,
            self.machine,
            self.table()
        );
        for note in &self.notes {
            let _ = writeln!(text, "- {note}");
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn quartiles(median: f64) -> Quartiles {
        Quartiles {
            low: median - 0.1,
            median,
            high: median + 0.1,
        }
    }

    #[test]
    fn a_promise_is_kept_up_to_and_with_its_limit() {
        let row = Row::new("s", "m", Unit::Bytes, 100.0).beside("bare", 50.0);
        for (row, expected) in [
            (row.clone(), None),
            (row.clone().at_most(100.0, ""), Some(true)),
            (row.clone().at_most(99.0, ""), Some(false)),
            (row.clone().ratio_within(Some(2.0)), Some(true)),
            (row.clone().ratio_within(Some(1.9)), Some(false)),
            // Paired ratios win over the ratio of the two figures.
            (
                row.clone()
                    .ratio(Some(quartiles(1.8)))
                    .ratio_within(Some(1.9)),
                Some(true),
            ),
            (row.clone().ratio_within(None), None),
            // Without anything to compare with there is nothing to say.
            (
                Row::new("s", "m", Unit::Count, 1.0).ratio_within(Some(1.0)),
                None,
            ),
        ] {
            assert_eq!(row.pass, expected, "{row:?}");
        }
    }

    #[test]
    fn a_table_names_the_figure_its_rival_and_the_verdict() {
        let report = Report {
            rows: vec![
                Row::new("MOCK", "CPU p50", Unit::Microseconds, 120.4)
                    .beside("bare", 100.0)
                    .ratio(Some(quartiles(1.2)))
                    .ratio_within(Some(1.5)),
                Row::new("zip", "size", Unit::Bytes, 6.5 * 1024.0 * 1024.0).at_most(5.0, "≤ 5 MB"),
            ],
            ..Report::default()
        };
        let table = report.table();
        let lines: Vec<&str> = table.lines().collect();
        assert_eq!(lines.len(), 4);
        let width = lines[0].chars().count();
        assert!(
            lines.iter().all(|line| line.chars().count() == width),
            "{table}"
        );
        for said in [
            "120 µs",
            "bare 100 µs",
            "1.20 (1.10–1.30)",
            "≤ 1.5 × bare",
            "pass",
        ] {
            assert!(lines[2].contains(said), "{said} in {table}");
        }
        for said in ["6.50 MiB", "≤ 5 MB", "FAIL"] {
            assert!(lines[3].contains(said), "{said} in {table}");
        }
        assert_eq!(report.failures(), 1);
    }

    #[test]
    fn a_figure_is_shown_in_its_unit() {
        for (unit, value, expected) in [
            (Unit::Microseconds, 99.5, "100 µs"),
            (Unit::Milliseconds, 12.346, "12.35 ms"),
            (Unit::Bytes, 2048.0, "2 KiB"),
            (Unit::Bytes, 1_572_864.0, "1.50 MiB"),
            (Unit::PerSecond, 1234.4, "1234/s"),
            (Unit::Count, 3.0, "3"),
            (Unit::Count, 0.0005, "0.0005"),
        ] {
            assert_eq!(unit.show(value), expected);
        }
    }
}
