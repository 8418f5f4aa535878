//! How sources, formats and bounds are set up.

mod broker;
mod listener;
mod root;
mod route;
mod secret;
mod sparkplug;
mod welcome;

pub use broker::{Broker, Endpoint, Protocol, Tls};
pub use listener::{Listener, ListenerTls, Role, User};
pub use root::{Config, Queue, UnknownDevices};
pub use route::{Format, Route, topics};
pub use secret::Secret;
pub use sparkplug::Sparkplug;
pub use welcome::Welcome;
