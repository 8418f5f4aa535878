//! Alarms in the words of ISA-18.2: what is known of one, and the facts that made it so.

mod fact;
mod life;
mod text;

pub use fact::{Actor, Change, Evidence, Fact, Member};
pub use life::{Alarm, Journey, OutOfOrder, State};
pub use text::{Guidance, Priority, Text, UnknownPriority};
