//! What a YAML scalar without quotes is, by the core schema of YAML 1.2: `yes`, `on` and dates are texts.

use super::Value;

pub(super) fn plain(text: &str) -> Value {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => Value::Null,
        "true" | "True" | "TRUE" => Value::Bool(true),
        "false" | "False" | "FALSE" => Value::Bool(false),
        _ if is_number(text) => Value::Number(text.to_owned()),
        // An infinity is a number to YAML. JSON, into which everything goes, has none.
        _ => Value::Text(text.to_owned()),
    }
}

pub(super) fn is_number(text: &str) -> bool {
    let digits = |t: &str| !t.is_empty() && t.bytes().all(|b| b.is_ascii_digit());
    if let Some(octal) = text.strip_prefix("0o") {
        return !octal.is_empty() && octal.bytes().all(|b| (b'0'..=b'7').contains(&b));
    }
    if let Some(hex) = text.strip_prefix("0x") {
        return !hex.is_empty() && hex.bytes().all(|b| b.is_ascii_hexdigit());
    }
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent)),
        None => (unsigned, None),
    };
    let is_exponent = exponent
        .is_none_or(|exponent| digits(exponent.strip_prefix(['+', '-']).unwrap_or(exponent)));
    let is_mantissa = match mantissa.split_once('.') {
        None => digits(mantissa),
        Some(("", fraction)) => digits(fraction),
        Some((whole, fraction)) => digits(whole) && (fraction.is_empty() || digits(fraction)),
    };
    is_mantissa && is_exponent
}

/// A number as JSON writes it, from one as JSON or YAML write it.
pub(super) fn json_number(text: &str) -> String {
    for (prefix, radix) in [("0o", 8), ("0x", 16)] {
        if let Some(digits) = text.strip_prefix(prefix) {
            return match u128::from_str_radix(digits, radix) {
                Ok(number) => number.to_string(),
                Err(_) => "0".to_owned(),
            };
        }
    }
    let (sign, unsigned) = match text.strip_prefix('-') {
        Some(rest) => ("-", rest),
        None => ("", text.strip_prefix('+').unwrap_or(text)),
    };
    let (mantissa, exponent) = match unsigned.find(['e', 'E']) {
        Some(at) => unsigned.split_at(at),
        None => (unsigned, ""),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let whole = whole.trim_start_matches('0');
    let whole = if whole.is_empty() { "0" } else { whole };
    if !mantissa.contains('.') {
        return format!("{sign}{whole}{exponent}");
    }
    let fraction = if fraction.is_empty() { "0" } else { fraction };
    format!("{sign}{whole}.{fraction}{exponent}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_scalars_follow_the_core_schema_of_yaml_1_2() {
        for (text, expected) in [
            ("~", "Null"),
            ("null", "Null"),
            ("nULL", r#"Text("nULL")"#),
            ("true", "Bool(true)"),
            ("FALSE", "Bool(false)"),
            ("yes", r#"Text("yes")"#),
            ("on", r#"Text("on")"#),
            ("y", r#"Text("y")"#),
            ("2017-04-20", r#"Text("2017-04-20")"#),
            ("12:30:45", r#"Text("12:30:45")"#),
            ("200", r#"Number("200")"#),
            ("1.10", r#"Number("1.10")"#),
            ("-.5e+3", r#"Number("-.5e+3")"#),
            ("0o17", r#"Number("0o17")"#),
            ("0xFf", r#"Number("0xFf")"#),
            ("1_000", r#"Text("1_000")"#),
            ("1.2.3", r#"Text("1.2.3")"#),
            (".inf", r#"Text(".inf")"#),
            (".", r#"Text(".")"#),
            ("e3", r#"Text("e3")"#),
            ("-", r#"Text("-")"#),
            ("0x", r#"Text("0x")"#),
        ] {
            assert_eq!(format!("{:?}", plain(text)), expected, "{text}");
        }
    }

    #[test]
    fn numbers_become_those_of_json() {
        for (text, expected) in [
            ("7", "7"),
            ("+7", "7"),
            ("007", "7"),
            ("0", "0"),
            ("-00", "-0"),
            ("1.", "1.0"),
            (".5", "0.5"),
            ("-.5e+3", "-0.5e+3"),
            ("1e3", "1e3"),
            ("0o17", "15"),
            ("0xff", "255"),
        ] {
            assert_eq!(json_number(text), expected, "{text}");
        }
    }
}
