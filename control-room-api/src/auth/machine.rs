//! The long-lived token with which a machine hands readings in.

use std::time::Duration;

use model::{Timestamp, UserName};
use store::{Accounts, Session};

use super::token::Token;
use crate::{Clock, Result};

/// Makes a token for `user` that stands for `lifetime`, and says until when. Only its hash is kept: it cannot be shown again.
/// [`Accounts::end_sessions`] takes back all that a user was given.
pub async fn issue_machine_token(
    store: &dyn Accounts,
    user: &UserName,
    lifetime: Duration,
    clock: &Clock,
) -> Result<(String, Timestamp)> {
    let token = Token::new()?;
    let expires = clock().plus(lifetime);
    store.open_session(&Session { token: token.hash(), user: user.clone(), expires }).await?;
    Ok((token.reveal().to_owned(), expires))
}
