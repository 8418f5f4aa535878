//! The service as a client sees it, with a real store.
