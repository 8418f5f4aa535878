//! Who asks, and what that person may do.

mod attempts;
mod caller;
mod link;
mod machine;
mod origin;
mod password;
mod sessions;
mod source;
mod token;

pub(crate) use attempts::Attempts;
pub(crate) use caller::{Caller, Credential, Sender, session_cookie};
pub use link::issue_sign_in_link;
pub use machine::issue_machine_token;
pub(crate) use origin::{Expected, is_own_origin};
pub(crate) use password::Passwords;
pub use password::{PasswordError, hash_password};
pub(crate) use sessions::{Sessions, Standing};
pub(crate) use source::{Peer, source};
pub(crate) use token::Token;
