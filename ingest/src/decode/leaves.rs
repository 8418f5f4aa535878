//! The scalars inside nested objects and arrays, each with its dotted path.

use super::decoder::Refusal;
use super::json::{Json, Kind};

/// One scalar, or an object of `value` and `unit` that stands for one.
pub(super) struct Leaf<'a> {
    pub(super) value: Json<'a>,
    pub(super) unit: &'a str,
}

/// Calls `found` for each leaf below `json` that is not null, with its path. `path` holds the path of `json` and does so again afterwards.
/// `enter` may keep a part from being visited.
pub(super) fn walk(
    json: Json<'_>,
    path: &mut String,
    enter: &dyn Fn(&str) -> bool,
    found: &mut dyn FnMut(&str, Leaf<'_>) -> Result<(), Refusal>,
) -> Result<(), Refusal> {
    if !path.is_empty() && !enter(path) {
        return Ok(());
    }
    let length = path.len();
    match json.kind() {
        Kind::Null => {}
        Kind::Flag(_) | Kind::Number(_) | Kind::Text(_) => found(path, Leaf { value: json, unit: "" })?,
        Kind::Object => {
            if let Some(leaf) = measured(json) {
                return found(path, leaf);
            }
            for (key, value) in json.members() {
                step(path, key);
                walk(value, path, enter, found)?;
                path.truncate(length);
            }
        }
        Kind::Array => {
            for (index, value) in json.items().enumerate() {
                step(path, itoa(index, &mut [0; 20]));
                walk(value, path, enter, found)?;
                path.truncate(length);
            }
        }
    }
    Ok(())
}

/// An object with a scalar `value` and a `unit` is one reading, or none when the value is null.
fn measured(json: Json<'_>) -> Option<Leaf<'_>> {
    let value = json.member("value").filter(|value| !matches!(value.kind(), Kind::Array | Kind::Object))?;
    let unit = json.get("unit")?.text()?;
    Some(Leaf { value, unit })
}

fn step(path: &mut String, part: &str) {
    if !path.is_empty() {
        path.push('.');
    }
    path.push_str(part);
}

/// The digits of a number, without an allocation.
fn itoa(mut number: usize, digits: &mut [u8; 20]) -> &str {
    let mut at = digits.len();
    loop {
        at -= 1;
        digits[at] = b'0' + (number % 10) as u8;
        number /= 10;
        if number == 0 || at == 0 {
            break;
        }
    }
    std::str::from_utf8(&digits[at..]).unwrap_or_default()
}
