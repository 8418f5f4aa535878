//! What a load found out.

use model::Duration;

/// The figures of a run. Rates are those of the time in which messages were made.
#[derive(Debug, Clone, PartialEq)]
pub struct Report {
    /// Connections.
    pub clients: usize,
    /// How long all of them took to connect.
    pub connecting: Duration,
    /// How long messages were made.
    pub lasted: Duration,
    /// Messages that were sent, those sent twice or again included.
    pub sent: u64,
    /// Bytes of all packets that were sent.
    pub bytes: u64,
    /// Messages that were acknowledged until the end of the run.
    pub acknowledged: u64,
    /// Messages that were acknowledged while messages were made.
    pub acknowledged_in_time: u64,
    /// Readings per message.
    pub values: usize,
    /// Messages that the subscriber got while messages were made; none without one.
    pub received_in_time: Option<u64>,
    /// Messages that nobody acknowledged until the end.
    pub unacknowledged: u64,
    /// Connections made again after one was lost.
    pub reconnects: u64,
    /// From due to acknowledged: the median, 90 and 99 of 100, and the longest; none without acknowledgements.
    pub latency: Option<[Duration; 4]>,
}

impl Report {
    /// Acknowledged messages per second.
    pub fn rate(&self) -> f64 {
        self.per_second(self.acknowledged_in_time)
    }

    /// A count per second of the run.
    pub fn per_second(&self, count: u64) -> f64 {
        count as f64 / self.lasted.as_secs_f64().max(1e-9)
    }
}
