//! Execution logs: what became of one request, step by step, in the service's own lines.
//!
//! A log that nobody asked for holds nothing, and the closures that would word its lines are never called.

use std::fmt::Write;
use std::time::Duration;

/// An event is cut after this many bytes.
const LINE_BYTES_MAX: usize = 1_024;
const CUT: &str = " [TRUNCATED]";
/// Of a secret, this much of the end is shown.
const SHOWN_OF_SECRETS: usize = 6;
/// The least length of an API key.
const HIDDEN_BYTES_MIN: usize = 20;

/// Which requests are logged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LoggingLevel {
    Off,
    /// Those that fail.
    Error,
    Info,
}

impl LoggingLevel {
    /// As method settings write it. What is not known is off.
    pub fn parse(text: &str) -> Self {
        match text.to_ascii_uppercase().as_str() {
            "ERROR" => Self::Error,
            "INFO" => Self::Info,
            _ => Self::Off,
        }
    }
}

/// The log of one request.
#[derive(Clone, Debug, Default)]
pub struct ExecutionLog(Option<Box<Kept>>);

#[derive(Clone, Debug)]
struct Kept {
    level: LoggingLevel,
    data: bool,
    failed: bool,
    /// Since 1970, of what is logged next.
    now: Duration,
    /// What no line may show, and what stands in its place.
    hidden: Option<(String, String)>,
    lines: Vec<(Duration, String)>,
}

impl ExecutionLog {
    /// `now` is the time since 1970 until [`ExecutionLog::later`] moves it.
    pub fn begin(level: LoggingLevel, data_trace: bool, now: Duration) -> Self {
        if level == LoggingLevel::Off {
            return Self(None);
        }
        Self(Some(Box::new(Kept {
            level,
            data: data_trace,
            failed: false,
            now,
            hidden: None,
            lines: Vec::new(),
        })))
    }

    pub fn later(&mut self, by: Duration) {
        if let Some(kept) = &mut self.0 {
            kept.now += by;
        }
    }

    /// Whether there is a log at all.
    pub fn is_kept(&self) -> bool {
        self.0.is_some()
    }

    /// From now on all but the end of this secret is stars, wherever it stands. What is too short to be a secret stays.
    pub fn hide(&mut self, secret: &str) {
        if let Some(kept) = &mut self.0
            && secret.len() >= HIDDEN_BYTES_MIN
        {
            kept.hidden = Some((secret.to_owned(), masked(secret)));
        }
    }

    /// Whether headers and bodies are logged.
    pub fn wants_data(&self) -> bool {
        self.0.as_ref().is_some_and(|kept| kept.data)
    }

    /// A line of the summary.
    pub fn info(&mut self, line: impl FnOnce() -> String) {
        if let Some(kept) = &mut self.0 {
            let mut line = line();
            if let Some((secret, shown)) = &kept.hidden
                && line.contains(secret)
            {
                line = line.replace(secret, shown);
            }
            kept.lines.push((kept.now, cut(line)));
        }
    }

    /// A line of headers, bodies and transformations.
    pub fn data(&mut self, line: impl FnOnce() -> String) {
        if self.wants_data() {
            self.info(line);
        }
    }

    /// A line that says why the request failed.
    pub fn error(&mut self, line: impl FnOnce() -> String) {
        self.info(line);
        if let Some(kept) = &mut self.0 {
            kept.failed = true;
        }
    }

    /// The lines for a stage's log, each with the request's id; `None` where nothing is to be logged. No line has a line end of
    /// its own: what clients send must not be able to forge one.
    pub fn lines(&self, request_id: &str) -> Option<String> {
        let kept = self.0.as_ref()?;
        if kept.level == LoggingLevel::Error && !kept.failed && !kept.data {
            return None;
        }
        let mut text = String::new();
        for (place, (_, line)) in kept.lines.iter().enumerate() {
            text.push_str(if place == 0 { "(" } else { "\n(" });
            text.push_str(request_id);
            text.push_str(") ");
            for c in line.chars() {
                if c.is_control() {
                    let _ = write!(text, "\\u{:04x}", c as u32);
                } else {
                    text.push(c);
                }
            }
        }
        (!text.is_empty()).then_some(text)
    }

    /// The `log` of a test invocation: one text, each line with its date.
    pub fn test_text(&self, request_id: &str) -> String {
        let mut text = format!("Execution log for request {request_id}\n");
        for (at, line) in self.0.iter().flat_map(|kept| &kept.lines) {
            text.push_str(&crate::date::java_date(*at));
            text.push_str(" : ");
            text.push_str(line);
            text.push('\n');
        }
        text
    }
}

/// `{a=1, b=2}`
pub fn java_map<N: AsRef<str>, V: AsRef<str>>(pairs: impl IntoIterator<Item = (N, V)>) -> String {
    let mut text = String::from("{");
    for (place, (name, value)) in pairs.into_iter().enumerate() {
        text.push_str(if place == 0 { "" } else { ", " });
        text.push_str(name.as_ref());
        text.push('=');
        text.push_str(value.as_ref());
    }
    text.push('}');
    text
}

/// Headers as the log shows them: of secrets, only the end.
pub fn java_headers<N: AsRef<str>, V: AsRef<str>>(
    pairs: impl IntoIterator<Item = (N, V)>,
) -> String {
    java_map(pairs.into_iter().map(|(name, value)| {
        let is_secret = ["authorization", "x-api-key"]
            .iter()
            .any(|secret| name.as_ref().eq_ignore_ascii_case(secret));
        let shown = if is_secret {
            masked(value.as_ref())
        } else {
            value.as_ref().to_owned()
        };
        (name, shown)
    }))
}

/// Stars for all but the last characters. A secret that is hardly longer than those is not shown at all.
pub fn masked(secret: &str) -> String {
    let characters = secret.chars().count();
    let hidden = if characters > SHOWN_OF_SECRETS * 2 {
        characters - SHOWN_OF_SECRETS
    } else {
        characters
    };
    let shown = secret.chars().skip(hidden);
    std::iter::repeat_n('*', hidden).chain(shown).collect()
}

fn cut(mut line: String) -> String {
    if line.len() > LINE_BYTES_MAX {
        line.truncate(line.floor_char_boundary(LINE_BYTES_MAX));
        line.push_str(CUT);
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    fn log(level: LoggingLevel, data_trace: bool, fails: bool) -> Option<String> {
        let mut log = ExecutionLog::begin(level, data_trace, Duration::ZERO);
        log.info(|| "begun".to_owned());
        log.data(|| "body: a\nb".to_owned());
        if fails {
            log.error(|| "failed".to_owned());
        }
        log.lines("id")
    }

    #[test]
    fn the_level_says_which_requests_and_the_trace_which_lines() {
        use LoggingLevel::{Error, Info, Off};
        for (level, data_trace, fails, expected) in [
            (Off, true, true, None),
            (Error, false, false, None),
            (Error, false, true, Some("(id) begun\n(id) failed")),
            (Error, true, false, Some("(id) begun\n(id) body: a\\u000ab")),
            (Info, false, false, Some("(id) begun")),
            (
                Info,
                true,
                true,
                Some("(id) begun\n(id) body: a\\u000ab\n(id) failed"),
            ),
        ] {
            assert_eq!(
                log(level, data_trace, fails).as_deref(),
                expected,
                "{level:?} {data_trace} {fails}"
            );
        }
    }

    #[test]
    fn a_log_that_is_off_words_nothing() {
        let mut log = ExecutionLog::begin(LoggingLevel::Off, true, Duration::ZERO);
        log.info(|| panic!("worded"));
        log.data(|| panic!("worded"));
        log.error(|| panic!("worded"));
        assert_eq!(log.lines("id"), None);
        let mut log = ExecutionLog::begin(LoggingLevel::Info, false, Duration::ZERO);
        log.data(|| panic!("worded"));
    }

    #[test]
    fn a_test_log_has_dates_and_ends_with_a_line_end() {
        let mut log =
            ExecutionLog::begin(LoggingLevel::Info, true, Duration::from_secs(1_773_119_783));
        log.info(|| "a".to_owned());
        log.later(Duration::from_secs(2));
        log.info(|| "b\nc".to_owned());
        assert_eq!(
            log.test_text("id"),
            "Execution log for request id\nTue Mar 10 05:16:23 UTC 2026 : a\nTue Mar 10 05:16:25 UTC 2026 : b\nc\n"
        );
    }

    #[test]
    fn maps_are_javas_and_secrets_are_hidden() {
        for (pairs, expected) in [
            (vec![], "{}"),
            (vec![("a", "1"), ("b", "")], "{a=1, b=}"),
            (
                vec![(
                    "Authorization",
                    "AWS4-HMAC-SHA256 Signature=0123456789abcdef",
                )],
                "{Authorization=*************************************abcdef}",
            ),
            (
                vec![("x-api-key", "short"), ("X-Amz-Security-Token", "shown")],
                "{x-api-key=*****, X-Amz-Security-Token=shown}",
            ),
        ] {
            assert_eq!(java_headers(pairs), expected);
        }
    }

    #[test]
    fn a_long_line_is_cut() {
        for (line, expected) in [
            ("a".repeat(1_024), "a".repeat(1_024)),
            ("a".repeat(1_025), "a".repeat(1_024) + CUT),
            ("a".repeat(1_023) + "é", "a".repeat(1_023) + CUT),
        ] {
            assert_eq!(cut(line), expected);
        }
    }

    proptest::proptest! {
        #[test]
        fn a_line_is_one_line(text in proptest::prelude::any::<String>()) {
            let mut log = ExecutionLog::begin(LoggingLevel::Info, true, Duration::ZERO);
            log.data(|| text.clone());
            proptest::prop_assert!(!log.lines("id").unwrap_or_default().contains(['\n', '\r']));
            masked(&text);
        }
    }
}
