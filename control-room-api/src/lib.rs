//! HTTP for questions, websocket for what changes.

mod app;
mod attendance;
mod auth;
mod clock;
mod config;
mod desk;
mod error;
mod http;
mod inbox;
mod intake;
mod letters;
mod live;
mod metrics;
mod parts;
mod register;
mod rulebook;
mod server;
mod sources;
mod wire;

pub use attendance::{Attendance, DeviceGaps, Gap, Gaps};
pub use auth::{PasswordError, hash_password, issue_machine_token, issue_sign_in_link};
pub use clock::{Clock, system_clock};
pub use config::{Config, IntakeLimits, SocketLimits};
pub use desk::{AlarmDesk, NotAcknowledged};
pub use error::{Error, Result};
pub use http::openapi_document;
pub use inbox::{Inbox, NotTaken, Parcel, Refused, RefusedLine, Taken};
pub use letters::{LetterDesk, LetterFate, Reading, Reread, advice};
pub use live::{Board, Frame, FrameKind, Live, Selection};
pub use parts::{City, Parts, StatusSource};
pub use register::{
    Approval, AssetChange, AssetDesk, AssetKind, AssetReport, FieldChange, ImportOrder, NotRegistered, RegisterEntry,
    Sheet,
};
pub use server::Server;
pub use sources::{Account, SourceKind, SourceReport};
pub use wire::status::{Stage, StageState, Status};
