//! Who is signed in.

use model::{Account, Timestamp};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What a person does here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Role {
    Operator,
    Crew,
    Analyst,
    Admin,
    Sender,
}

/// Who is signed in.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct Session {
    user: String,
    name: String,
    role: Role,
    tenant: String,
    tenant_name: String,
    #[schema(format = DateTime)]
    expires: String,
    /// The token for `Authorization: Bearer`; only in the answer to a sign-in.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    token: Option<String>,
}

impl Session {
    pub(crate) fn of(account: &Account, tenant_name: String, expires: Timestamp, token: Option<String>) -> Self {
        Self {
            user: account.user.to_string(),
            name: account.name.clone(),
            role: match account.role {
                model::Role::Operator => Role::Operator,
                model::Role::Crew => Role::Crew,
                model::Role::Analyst => Role::Analyst,
                model::Role::Admin => Role::Admin,
                model::Role::Sender => Role::Sender,
            },
            tenant: account.tenant.to_string(),
            tenant_name,
            expires: expires.to_rfc3339(),
            token,
        }
    }
}

/// A name and a password.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SignIn {
    pub(crate) username: String,
    #[schema(format = Password)]
    pub(crate) password: String,
}

/// The one-time code of a printed link.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SignInByLink {
    pub(crate) code: String,
}
