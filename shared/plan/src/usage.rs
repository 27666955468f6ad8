//! How requests are counted against quotas, in the usage table.
//!
//! ```text
//! quota#{plan}#{key}     {first day}#{period}  what a key used of a plan in a period
//! ```
//!
//! Everything is a counter, so that many gateways add to it at once. `charged` is what stands against the limit; a request is
//! let in by adding to it on the condition that it is not above the limit then. `used#{day}` is what was used on a day, and
//! `moved#{day}` by how much an operator changed on that day what is left, so that what was left at a day's end can be told
//! afterwards. Whoever counts adds to `charged` and to a day in one step. A key of its own has a partition of its own, for one
//! partition takes no more than a thousand writes a second.

use postern_definition::rest::{QuotaPeriod, QuotaSettings};
use postern_store::{Item, Key};
use time::{Date, Duration, Month, OffsetDateTime, Time};

/// What stands against the limit.
pub const CHARGED: &str = "charged";
const USED: &str = "used#";
const MOVED: &str = "moved#";
/// Days for which a period can be asked about after its end.
const KEPT_DAYS: i64 = 93;

/// A stretch of days for which a limit holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Period {
    kind: &'static str,
    pub first: Date,
    /// The first day of the next.
    pub next: Date,
}

impl Period {
    /// The period that a day is in. Without a quota use is counted all the same, by months.
    ///
    /// The offset is taken for a number of days by which the period's beginning is shifted: a week of offset 1 begins on a
    /// Monday, a month of offset 14 on the 15th. Its ranges (0, 0 to 6, 0 to 27) make no sense for anything else.
    pub fn of(quota: Option<&QuotaSettings>, day: Date) -> Self {
        let offset = quota.map_or(0, |quota| quota.offset.clamp(0, 27));
        let shift = Duration::days(offset);
        let shifted = day.saturating_sub(shift);
        let (kind, first, next) = match quota.map(|quota| quota.period) {
            Some(QuotaPeriod::Day) => ("DAY", day, day.saturating_add(Duration::DAY)),
            Some(QuotaPeriod::Week) => {
                let since_sunday = shifted.weekday().number_days_from_sunday();
                let first = day.saturating_sub(Duration::days(i64::from(since_sunday)));
                ("WEEK", first, first.saturating_add(Duration::WEEK))
            }
            other => {
                let first = shifted.replace_day(1).unwrap_or(shifted);
                let next = (first.saturating_add(Duration::days(31)))
                    .replace_day(1)
                    .unwrap_or(first);
                let kind = if other.is_some() { "MONTH" } else { "NONE" };
                (
                    kind,
                    first.saturating_add(shift),
                    next.saturating_add(shift),
                )
            }
        };
        Self { kind, first, next }
    }

    /// The second from which on nobody asks any more.
    pub fn expires_at(&self) -> u64 {
        let until = self.next.saturating_add(Duration::days(KEPT_DAYS));
        u64::try_from(
            until
                .with_time(Time::MIDNIGHT)
                .assume_utc()
                .unix_timestamp(),
        )
        .unwrap_or_default()
    }
}

pub fn quota_partition(plan: &str, key: &str) -> String {
    format!("quota#{plan}#{key}")
}

pub fn quota_key(plan: &str, key: &str, period: &Period) -> Key {
    Key::new(
        quota_partition(plan, key),
        format!("{}#{}", text(period.first), period.kind),
    )
}

/// The counter of what is used on a day.
pub fn used_counter(day: Date) -> String {
    format!("{USED}{}", text(day))
}

/// The counter of what an operator moved on a day.
pub fn moved_counter(day: Date) -> String {
    format!("{MOVED}{}", text(day))
}

/// What a period's item tells of one day.
pub fn used_on(item: &Item, day: Date) -> i64 {
    item.counters
        .get(&used_counter(day))
        .copied()
        .unwrap_or_default()
}

/// What stood against the limit at the end of a day.
pub fn charged_by(item: &Item, day: Date) -> i64 {
    let last = text(day);
    item.counters
        .iter()
        .filter(|(name, _)| {
            let day = name.strip_prefix(USED).or_else(|| name.strip_prefix(MOVED));
            day.is_some_and(|day| day <= last.as_str())
        })
        .map(|(_, count)| count)
        .sum()
}

/// `2026-03-01`.
pub fn text(day: Date) -> String {
    format!(
        "{:04}-{:02}-{:02}",
        day.year(),
        u8::from(day.month()),
        day.day()
    )
}

/// The day of `2026-03-01`.
pub fn parse(text: &str) -> Option<Date> {
    let mut parts = text.split('-');
    let (year, month, day) = (parts.next()?, parts.next()?, parts.next()?);
    let digits =
        |part: &str, count| part.len() == count && part.bytes().all(|b| b.is_ascii_digit());
    if parts.next().is_some() || !digits(year, 4) || !digits(month, 2) || !digits(day, 2) {
        return None;
    }
    let month = Month::try_from(month.parse::<u8>().ok()?).ok()?;
    Date::from_calendar_date(year.parse().ok()?, month, day.parse().ok()?).ok()
}

/// The day of a second since 1970, in UTC.
pub fn day_of(second: i64) -> Date {
    OffsetDateTime::from_unix_timestamp(second).map_or(Date::MIN, OffsetDateTime::date)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    #[test]
    fn a_period_holds_its_day_and_begins_where_its_offset_says() {
        // 2026-03-10 is a Tuesday.
        for (period, offset, day, first, next) in [
            (
                Some(QuotaPeriod::Day),
                0,
                "2026-03-10",
                "2026-03-10",
                "2026-03-11",
            ),
            (
                Some(QuotaPeriod::Week),
                0,
                "2026-03-10",
                "2026-03-08",
                "2026-03-15",
            ),
            (
                Some(QuotaPeriod::Week),
                0,
                "2026-03-08",
                "2026-03-08",
                "2026-03-15",
            ),
            (
                Some(QuotaPeriod::Week),
                2,
                "2026-03-10",
                "2026-03-10",
                "2026-03-17",
            ),
            (
                Some(QuotaPeriod::Week),
                3,
                "2026-03-10",
                "2026-03-04",
                "2026-03-11",
            ),
            (
                Some(QuotaPeriod::Month),
                0,
                "2026-03-31",
                "2026-03-01",
                "2026-04-01",
            ),
            (
                Some(QuotaPeriod::Month),
                14,
                "2026-03-14",
                "2026-02-15",
                "2026-03-15",
            ),
            (
                Some(QuotaPeriod::Month),
                14,
                "2026-03-15",
                "2026-03-15",
                "2026-04-15",
            ),
            (
                Some(QuotaPeriod::Month),
                27,
                "2026-01-27",
                "2025-12-28",
                "2026-01-28",
            ),
            (None, 0, "2028-02-29", "2028-02-01", "2028-03-01"),
        ] {
            let quota = period.map(|period| QuotaSettings {
                limit: 1,
                offset,
                period,
            });
            let found = Period::of(quota.as_ref(), parse(day).unwrap());
            assert_eq!(
                (text(found.first).as_str(), text(found.next).as_str()),
                (first, next),
                "{period:?} {offset} {day}"
            );
        }
    }

    #[test]
    fn a_day_is_ten_characters_and_exists() {
        assert_eq!(text(parse("2026-02-28").unwrap()), "2026-02-28");
        for bad in [
            "",
            "2026-02-30",
            "2026-2-03",
            "26-02-03",
            "2026-02-03-",
            "2026/02/03",
            "+026-02-03",
            "2026-00-01",
        ] {
            assert_eq!(parse(bad), None, "{bad}");
        }
        assert_eq!(text(day_of(1_773_119_783)), "2026-03-10");
        let period = Period::of(None, day_of(0));
        assert_eq!(period.expires_at(), (31 + 93) * 86_400);
    }

    #[test]
    fn what_stood_at_a_days_end_is_all_that_was_counted_until_then() {
        let item = Item {
            key: Key::new("p", "s"),
            body: bytes::Bytes::new(),
            revision: 1,
            expires_at: None,
            counters: BTreeMap::from([
                (CHARGED.to_owned(), 30),
                ("used#2026-03-01".to_owned(), 30),
                ("used#2026-03-02".to_owned(), 10),
                ("moved#2026-03-02".to_owned(), -10),
            ]),
        };
        let day = |text| parse(text).unwrap();
        assert_eq!(charged_by(&item, day("2026-03-01")), 30);
        assert_eq!(charged_by(&item, day("2026-03-02")), 30);
        assert_eq!(used_on(&item, day("2026-03-02")), 10);
        assert_eq!(used_on(&item, day("2026-03-03")), 0);
    }
}
