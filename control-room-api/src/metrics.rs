//! Names of the counters of this crate.

/// Live sockets open now.
pub(crate) const SOCKETS_OPEN: &str = "specola_live_sockets";
/// Live sockets closed, by `code`.
pub(crate) const SOCKETS_CLOSED: &str = "specola_live_sockets_closed_total";
/// Frames sent on live sockets, by `kind`.
pub(crate) const FRAMES: &str = "specola_live_frames_total";
/// Sign-ins tried, by `outcome`.
pub(crate) const SIGN_INS: &str = "specola_sign_ins_total";
/// Connections refused because there were too many.
pub(crate) const CONNECTIONS_REFUSED: &str = "specola_http_connections_refused_total";
/// Requests answered, by `status`.
pub(crate) const REQUESTS: &str = "specola_http_requests_total";
