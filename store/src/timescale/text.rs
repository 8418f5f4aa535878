//! Texts in PostgreSQL, which keeps every character but one.

use std::borrow::Cow;

/// Stands before a digit that says what was meant. Unicode promises that no text ever needs this character.
const ESCAPE: char = '\u{10ffff}';

/// The text as the database can keep it.
pub(super) fn written(text: &str) -> Cow<'_, str> {
    if !text.contains(['\0', ESCAPE]) {
        return Cow::Borrowed(text);
    }
    let mut written = String::with_capacity(text.len() + 8);
    for character in text.chars() {
        match character {
            '\0' => written.extend([ESCAPE, '0']),
            ESCAPE => written.extend([ESCAPE, '1']),
            other => written.push(other),
        }
    }
    Cow::Owned(written)
}

/// The text that [`written`] wrote.
pub(super) fn read(text: &str) -> Cow<'_, str> {
    if !text.contains(ESCAPE) {
        return Cow::Borrowed(text);
    }
    let mut read = String::with_capacity(text.len());
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        match character {
            ESCAPE => read.extend(characters.next().map(|digit| if digit == '0' { '\0' } else { ESCAPE })),
            other => read.push(other),
        }
    }
    Cow::Owned(read)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn every_text_comes_back_and_holds_no_nul_meanwhile(text in "[a\u{0}\u{10ffff}01è]{0,12}|.{0,20}") {
            let kept = written(&text);
            prop_assert!(!kept.contains('\0'));
            prop_assert_eq!(read(&kept), text.as_str());
        }
    }
}
