//! People who sign in, and what they may do.

use crate::{TenantId, UserName};

/// What a person does here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Role {
    /// Watches the map and acknowledges alarms.
    Operator,
    /// Repairs in the street.
    Crew,
    /// Asks history.
    Analyst,
    /// Sets things up.
    Admin,
    /// A machine: hands readings in by HTTP and may do nothing else.
    Sender,
}

/// A text that names no role.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a role: operator, crew, analyst, admin or sender")]
pub struct UnknownRole(String);

impl Role {
    /// Every role.
    pub const ALL: [Self; 5] = [Self::Operator, Self::Crew, Self::Analyst, Self::Admin, Self::Sender];

    /// The word that stores and screens use.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Operator => "operator",
            Self::Crew => "crew",
            Self::Analyst => "analyst",
            Self::Admin => "admin",
            Self::Sender => "sender",
        }
    }
}

impl std::str::FromStr for Role {
    type Err = UnknownRole;
    fn from_str(text: &str) -> Result<Self, UnknownRole> {
        Self::ALL.into_iter().find(|r| r.as_str() == text).ok_or_else(|| UnknownRole(text.chars().take(32).collect()))
    }
}

/// A person of one tenant.
#[derive(Clone, PartialEq, Eq)]
pub struct Account {
    /// Whose data the person sees.
    pub tenant: TenantId,
    /// The name by which the person signs in; unique over all tenants.
    pub user: UserName,
    /// The name that others read.
    pub name: String,
    /// What the person does.
    pub role: Role,
    /// Hash of the password in PHC string form; none for accounts that only a one-time link opens.
    pub password_hash: Option<String>,
}

impl std::fmt::Debug for Account {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Account")
            .field("tenant", &self.tenant)
            .field("user", &self.user)
            .field("role", &self.role)
            .field("password_hash", &self.password_hash.as_ref().map(|_| "***"))
            .finish_non_exhaustive()
    }
}
