//! What a page wants to see: a part of the map, some trades, or everything.

use model::{Bounds, Domain};

/// Which assets a page is told about. The default is all of them.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Selection {
    /// Those that stand here; none for everywhere. An asset without a place is seen only from everywhere.
    pub viewport: Option<Bounds>,
    /// Those of these trades; none for every trade.
    pub domains: Option<Vec<Domain>>,
}
