//! Dates as logs and events print them.

use std::time::Duration;
use time::OffsetDateTime;

const MONTHS: [&str; 12] = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
];

/// The date of the Common Log Format, in UTC: `07/Aug/2024:18:37:12 +0000`.
pub fn clf(since_1970: Duration) -> String {
    let at = OffsetDateTime::UNIX_EPOCH + since_1970;
    let month = MONTHS[at.month() as usize - 1];
    format!(
        "{:02}/{month}/{:04}:{:02}:{:02}:{:02} +0000",
        at.day(),
        at.year(),
        at.hour(),
        at.minute(),
        at.second()
    )
}

/// The date of ISO 8601, in UTC and to the millisecond: `2026-03-10T05:16:23.482Z`.
pub fn iso8601(since_1970: Duration) -> String {
    let at = OffsetDateTime::UNIX_EPOCH + since_1970;
    format!(
        "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z",
        at.year(),
        at.month() as u8,
        at.day(),
        at.hour(),
        at.minute(),
        at.second(),
        at.millisecond()
    )
}

/// The date of certificates, in UTC: `May 28 12:30:02 2019 GMT`.
pub fn certificate_date(since_1970: Duration) -> String {
    let at = OffsetDateTime::UNIX_EPOCH + since_1970;
    let month = MONTHS[at.month() as usize - 1];
    format!(
        "{month} {:02} {:02}:{:02}:{:02} {:04} GMT",
        at.day(),
        at.hour(),
        at.minute(),
        at.second(),
        at.year()
    )
}

/// The date of execution logs, and of two claims of tokens, in UTC: `Tue Mar 10 05:16:23 UTC 2026`.
pub fn java_date(since_1970: Duration) -> String {
    const DAYS: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];
    let at = OffsetDateTime::UNIX_EPOCH + since_1970;
    let day = DAYS[usize::from(at.weekday().number_days_from_monday())];
    let month = MONTHS[at.month() as usize - 1];
    format!(
        "{day} {month} {:02} {:02}:{:02}:{:02} UTC {:04}",
        at.day(),
        at.hour(),
        at.minute(),
        at.second(),
        at.year()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_date_is_printed_in_utc_with_two_digits() {
        for (seconds, expected) in [
            (0, "01/Jan/1970:00:00:00 +0000"),
            (1_723_055_832, "07/Aug/2024:18:37:12 +0000"),
            (1_709_164_799, "28/Feb/2024:23:59:59 +0000"),
            (1_709_251_199, "29/Feb/2024:23:59:59 +0000"),
        ] {
            assert_eq!(clf(Duration::from_secs(seconds)), expected);
        }
        let at = Duration::from_millis(1_773_119_783_482);
        assert_eq!(iso8601(at), "2026-03-10T05:16:23.482Z");
    }
}
