//! The version of a rule: a digest of what it says, blind to comments, blanks and the order of keys.

use toml::de::{DeTable, DeValue};

/// FNV-1a, 64 bits: stable across builds and machines, unlike the standard hasher.
pub(super) struct Digest(u64);

impl Digest {
    pub(super) fn new() -> Self {
        Self(0xcbf2_9ce4_8422_2325)
    }

    pub(super) fn text(&mut self, text: &str) {
        for byte in text.bytes().chain(std::iter::once(0xff)) {
            self.0 = (self.0 ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
        }
    }

    pub(super) fn finish(&self) -> u64 {
        self.0
    }

    pub(super) fn table(&mut self, table: &DeTable<'_>) {
        self.text("{");
        // keys come in lexicographic order, whatever their order in the file
        for (key, value) in table {
            self.text(key.get_ref());
            self.value(value.get_ref());
        }
        self.text("}");
    }

    fn value(&mut self, value: &DeValue<'_>) {
        self.text(value.type_str());
        match value {
            DeValue::Table(table) => self.table(table),
            DeValue::Array(items) => {
                items.iter().for_each(|item| self.value(item.get_ref()));
                self.text("]");
            }
            DeValue::String(text) => self.text(text),
            DeValue::Integer(number) => self.text(number.as_str()),
            DeValue::Float(number) => self.text(number.as_str()),
            DeValue::Boolean(flag) => self.text(if *flag { "true" } else { "false" }),
            DeValue::Datetime(time) => self.text(&time.to_string()),
        }
    }
}
