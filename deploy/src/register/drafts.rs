//! What a file says about all of its assets, or everything that is wrong with it.

use std::collections::HashMap;

use model::AssetId;

use super::draft::Draft;
use super::mistake::{Mistake, Mistakes};

/// The drafts of a file, one by one.
#[derive(Debug, Default)]
pub(super) struct Drafts {
    drafts: Vec<Draft>,
    /// The line of each id.
    lines: HashMap<AssetId, u64>,
    mistakes: Vec<Mistake>,
}

impl Drafts {
    /// Takes what stands in a line, or what is wrong with it. An id may stand once.
    pub(super) fn take(&mut self, line: u64, draft: Result<Draft, String>) {
        match draft {
            Ok(draft) => match self.lines.get(&draft.id) {
                Some(before) => self.wrong(line, format!("the id {} stands in line {before} already", draft.id)),
                None => {
                    self.lines.insert(draft.id.clone(), line);
                    self.drafts.push(draft);
                }
            },
            Err(what) => self.wrong(line, what),
        }
    }

    /// Something is wrong in a line.
    pub(super) fn wrong(&mut self, line: u64, what: String) {
        self.mistakes.push(Mistake { line, what });
    }

    /// All of them, if nothing was wrong.
    pub(super) fn finish(self) -> Result<Vec<Draft>, Mistakes> {
        if self.mistakes.is_empty() { Ok(self.drafts) } else { Err(Mistakes(self.mistakes)) }
    }
}
