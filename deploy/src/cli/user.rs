//! What `specola user` can be asked.

use clap::{Args, Subcommand};
use model::{Role, TenantId, UserName};

use super::configuration::Configured;

#[derive(Debug, Subcommand)]
pub(crate) enum User {
    /// Adds a person and prints a one-time sign-in link (or reads a password from standard input), or a machine and prints its token
    Add(AddUser),
    /// Prints a new one-time sign-in link for a person
    Link(LinkUser),
    /// Prints a new token with which a machine (role sender) hands readings in by HTTP
    Token(TokenUser),
    /// Ends all sessions and tokens of a user, within seconds
    Revoke(RevokeUser),
}

#[derive(Debug, Args)]
pub(crate) struct AddUser {
    /// The name to sign in with
    pub(crate) user: UserName,
    /// The name that others read; by default the same
    #[arg(long)]
    pub(crate) name: Option<String>,
    /// operator, crew, analyst or admin; sender for a machine that hands readings in
    #[arg(long, default_value = "operator")]
    pub(crate) role: Role,
    /// Whose data; may be left out while there is one tenant
    #[arg(long)]
    pub(crate) tenant: Option<TenantId>,
    /// Reads the password from the first line of standard input
    #[arg(long)]
    pub(crate) password_stdin: bool,
    #[command(flatten)]
    pub(crate) configured: Configured,
}

#[derive(Debug, Args)]
pub(crate) struct LinkUser {
    /// The name to sign in with
    pub(crate) user: UserName,
    #[command(flatten)]
    pub(crate) configured: Configured,
}

#[derive(Debug, Args)]
pub(crate) struct TokenUser {
    /// The machine's name
    pub(crate) user: UserName,
    /// Days until the token ends
    #[arg(long, default_value_t = TOKEN_DAYS, value_parser = clap::value_parser!(u32).range(1..=3650), value_name = "DAYS")]
    pub(crate) days: u32,
    #[command(flatten)]
    pub(crate) configured: Configured,
}

#[derive(Debug, Args)]
pub(crate) struct RevokeUser {
    /// The name of the person or machine
    pub(crate) user: UserName,
    #[command(flatten)]
    pub(crate) configured: Configured,
}

/// Days that the token of a machine stands when nobody says: long enough to be renewed with the yearly maintenance.
pub(crate) const TOKEN_DAYS: u32 = 400;
