//! Dates as policies write them: the forms of ISO 8601 that the W3C chose, and seconds since 1970.

use std::str::FromStr;
use time::{Date, Duration, Month, OffsetDateTime, Time, UtcOffset};

/// `2026`, `2026-01`, `2026-01-15`, `2026-01-15T12:30Z`, `2026-01-15T12:30:00.5+01:00`, `1768480200`.
pub(super) fn read(text: &str) -> Option<OffsetDateTime> {
    let is_number = text.bytes().all(|b| b.is_ascii_digit()) && !text.is_empty();
    // Four digits are a year. Who means a second of the first three hours of 1970 is out of luck.
    if is_number && text.len() != 4 {
        return OffsetDateTime::from_unix_timestamp(text.parse().ok()?).ok();
    }
    let (date, time) = match text.split_once('T') {
        Some((date, time)) => (date, Some(time)),
        None => (text, None),
    };
    let date = day(date)?;
    let Some(time) = time else {
        return Some(date.with_time(Time::MIDNIGHT).assume_utc());
    };
    let zone_at = time.find(['Z', '+', '-'])?;
    let (time, zone) = time.split_at(zone_at);
    let (time, leap) = time_of_day(time)?;
    date.with_time(time)
        .assume_utc()
        .checked_sub(Duration::seconds(offset(zone)?.whole_seconds().into()))?
        .checked_add(leap)
}

fn day(text: &str) -> Option<Date> {
    let mut parts = text.split('-');
    let year = digits(parts.next()?, 4)?;
    let month: u8 = parts.next().map_or(Some(1), |month| digits(month, 2))?;
    let day = parts.next().map_or(Some(1), |day| digits(day, 2))?;
    if parts.next().is_some() {
        return None;
    }
    Date::from_calendar_date(year, Month::try_from(month).ok()?, day).ok()
}

/// The time, and what a leap second adds to it.
fn time_of_day(text: &str) -> Option<(Time, Duration)> {
    let mut parts = text.split(':');
    let hour = digits(parts.next()?, 2)?;
    let minute = digits(parts.next()?, 2)?;
    let (second, nanos) = match parts.next() {
        None => (0, 0),
        Some(seconds) => match seconds.split_once('.') {
            None => (digits(seconds, 2)?, 0),
            Some((second, fraction)) => (digits(second, 2)?, nanos(fraction)?),
        },
    };
    if parts.next().is_some() {
        return None;
    }
    let (second, leap) = match second {
        60 => (59, Duration::SECOND),
        second => (second, Duration::ZERO),
    };
    let time = Time::from_hms_nano(hour, minute, second, nanos).ok()?;
    Some((time, leap))
}

/// What is finer than a nanosecond is dropped.
fn nanos(fraction: &str) -> Option<u32> {
    if fraction.is_empty() || !fraction.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let kept = &fraction[..fraction.len().min(9)];
    format!("{kept:0<9}").parse().ok()
}

fn offset(text: &str) -> Option<UtcOffset> {
    if text == "Z" {
        return Some(UtcOffset::UTC);
    }
    let sign = if text.starts_with('-') { -1 } else { 1 };
    let (hours, minutes) = text.get(1..)?.split_once(':')?;
    let (hours, minutes) = (digits::<i8>(hours, 2)?, digits::<i8>(minutes, 2)?);
    UtcOffset::from_hms(sign * hours, sign * minutes, 0).ok()
}

fn digits<N: FromStr>(text: &str, count: usize) -> Option<N> {
    let is_number = text.len() == count && text.bytes().all(|b| b.is_ascii_digit());
    is_number.then(|| text.parse().ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_read_in_every_form() {
        for (text, seconds) in [
            ("1768480200", Some(1_768_480_200)),
            ("0", Some(0)),
            ("1970", Some(0)),
            ("1970-02", Some(31 * 86_400)),
            ("1970-01-02", Some(86_400)),
            ("2026-01-15T12:30Z", Some(1_768_480_200)),
            ("2026-01-15T12:30:00Z", Some(1_768_480_200)),
            ("2026-01-15T12:30:00.999Z", Some(1_768_480_200)),
            ("2026-01-15T13:30:00+01:00", Some(1_768_480_200)),
            ("2026-01-15T07:00:00-05:30", Some(1_768_480_200)),
            ("1972-06-30T23:59:60Z", Some(78_796_800)),
            ("2024-02-29", Some(1_709_164_800)),
            ("2023-02-29", None),
            ("2026-13-01", None),
            ("2026-01-15T12:30:00", None),
            ("2026-01-15T24:30:00Z", None),
            ("2026-01-15T12Z", None),
            ("2026-01-15T12:30:00.Z", None),
            ("2026-1-15", None),
            ("2026-01-15-01", None),
            ("2026-01-15T12:30:00+0100", None),
            ("2026-01-15T12:30:00+99:00", None),
            ("99999999999999999999", None),
            ("9999-12-31T23:59:60-23:59", None),
            ("-1", None),
            ("", None),
            ("today", None),
            ("2026-01-1\u{e9}", None),
        ] {
            assert_eq!(
                read(text).map(OffsetDateTime::unix_timestamp),
                seconds,
                "{text}"
            );
        }
    }
}
