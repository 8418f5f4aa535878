//! Answers as tables for a spreadsheet.

use crate::wire::completeness::Owners;

/// What a spreadsheet takes for the beginning of a formula.
const FORMULA: [char; 6] = ['=', '+', '-', '@', '\t', '\r'];

/// Every device with what is missing of it, the worst first.
pub(super) fn completeness(found: &store::Completeness, owners: &Owners) -> String {
    let mut text =
        String::from("device,asset,name,domain,area,readings,expected,missed,ratio,longest_gap_s,lost_frames\n");
    let mut devices: Vec<_> = found.devices.iter().collect();
    devices.sort_by_key(|device| std::cmp::Reverse((device.missed(), device.lost_frames)));
    for device in devices {
        let asset = owners.get(&device.device);
        let words = [
            Some(device.device.as_str()),
            asset.map(|asset| asset.id.as_str()),
            asset.map(|asset| asset.name.as_str()),
            asset.map(|asset| asset.domain.as_str()),
            asset.and_then(|asset| asset.area.as_deref()),
        ];
        words.into_iter().for_each(|word| {
            text.push_str(&cell(word.unwrap_or_default()));
            text.push(',');
        });
        let (expected, missed) = (device.expected(), device.missed());
        let ratio = if expected == 0 { 1.0 } else { expected.saturating_sub(missed) as f64 / expected as f64 };
        let (readings, longest) = (device.readings(), device.longest().as_secs_f64());
        text.push_str(&format!("{readings},{expected},{missed},{ratio:.6},{longest:.0},{}\n", device.lost_frames));
    }
    text
}

/// A text as a cell: quoted where it must be, and never a formula.
fn cell(text: &str) -> String {
    let guard = if text.starts_with(FORMULA) { "'" } else { "" };
    if text.contains([',', ';', '"', '\n', '\r']) {
        format!("\"{guard}{}\"", text.replace('"', "\"\""))
    } else {
        format!("{guard}{text}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_is_quoted_where_it_must_be_and_is_never_a_formula() {
        assert_eq!(cell("lamp-1"), "lamp-1");
        assert_eq!(cell("Via \"Roma\", 3"), "\"Via \"\"Roma\"\", 3\"");
        assert_eq!(cell("=1+1"), "'=1+1");
        assert_eq!(cell("@a;b"), "\"'@a;b\"");
        assert_eq!(cell(""), "");
    }
}
