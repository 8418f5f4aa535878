//! The printed link that signs somebody in once.

use std::time::Duration;

use model::UserName;
use store::{Accounts, SignInCode};

use super::token::Token;
use crate::{Clock, Result};

/// How long a printed link can be used.
const USABLE: Duration = Duration::from_secs(3600);

/// Makes a link `BASE_URL/signin?code=…` that signs `user` in once, within an hour. Only the hash of its code is kept.
pub async fn issue_sign_in_link(
    store: &dyn Accounts,
    user: &UserName,
    base_url: &str,
    clock: &Clock,
) -> Result<String> {
    let code = Token::new()?;
    store.put_code(&SignInCode { code: code.hash(), user: user.clone(), expires: clock().plus(USABLE) }).await?;
    Ok(format!("{}/signin?code={}", base_url.trim_end_matches('/'), code.reveal()))
}
