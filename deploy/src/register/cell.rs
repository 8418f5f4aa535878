//! Lists and texts in the cell of a table: easy to type, and nothing is lost on the way there and back.

/// A spreadsheet would run a text that begins with one of these.
const FORMULA: [char; 6] = ['=', '+', '-', '@', '\t', '\r'];

/// The text as it stands in a cell: what a spreadsheet would run gets an apostrophe.
pub(super) fn guarded(text: &str) -> String {
    let mut letters = text.chars();
    let first = letters.next();
    let runs = first.is_some_and(|first| FORMULA.contains(&first));
    let looks_guarded =
        first == Some('\'') && letters.next().is_some_and(|next| next == '\'' || FORMULA.contains(&next));
    if runs || looks_guarded { format!("'{text}") } else { text.to_owned() }
}

/// The text that stands in a cell.
pub(super) fn unguarded(cell: &str) -> &str {
    match cell.strip_prefix('\'') {
        Some(rest) if rest.starts_with(FORMULA) || rest.starts_with('\'') => rest,
        _ => cell,
    }
}

/// Several texts in one cell: parted by `; `, or as JSON where one of them would be misread.
pub(super) fn list<'a>(items: impl Iterator<Item = &'a str> + Clone) -> String {
    let plain = |item: &str| !item.is_empty() && !item.contains(';') && item.trim() == item && !item.starts_with('[');
    if items.clone().all(plain) {
        return items.collect::<Vec<_>>().join("; ");
    }
    serde_json::to_string(&items.collect::<Vec<_>>()).unwrap_or_default()
}

/// The texts in a cell.
pub(super) fn items(cell: &str) -> Result<Vec<String>, String> {
    let cell = cell.trim();
    if cell.starts_with('[') {
        return serde_json::from_str(cell).map_err(|error| format!("{cell:?} is no list: {error}"));
    }
    Ok(cell.split(';').map(str::trim).filter(|item| !item.is_empty()).map(str::to_owned).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_put_into_a_cell_comes_out_again() {
        for text in ["", "a", "=1+1", "'=1", "''", "'", "'Ntoni", "-5", "\tx", "''=x"] {
            assert_eq!(unguarded(&guarded(text)), text);
            assert!(!guarded(text).starts_with(FORMULA), "{text}");
        }
        for texts in [&[][..], &["a"], &["a", "b c"], &["a;b", "c"], &[" a"], &["[x]", "y"], &["é", "\"q\""]] {
            assert_eq!(items(&list(texts.iter().copied())).unwrap(), texts);
        }
        assert_eq!(items(" lamp-1 ;lamp-2; ").unwrap(), ["lamp-1", "lamp-2"]);
    }
}
