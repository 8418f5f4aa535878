//! HTTP for questions, websocket for what changes.
