//! The pass over the kept readings: day by day, each series once, so that years of a city take no more memory than what is told about them.

use std::collections::BTreeMap;
use std::time::Duration;

use model::{DeviceId, MetricName, TenantId, Timestamp, Window};

use super::expectation::{Expectation, Expectations, Pace, Span};
use super::frames::Frames;
use super::report::{Completeness, DeviceCompleteness};
use super::rhythm::nanos;
use super::series::{Known, Series};
use crate::{Result, SeriesTimes, Telemetry, TimesStream};

/// How far back is looked for what was heard before the window: who spoke then is missed from its beginning.
pub(super) const BEFORE: Duration = Duration::from_secs(86_400);
const DAY: i64 = 86_400_000_000_000;

/// Counts what is missing in a window. `expectations` is what the register knows of devices. `progress` hears how much of the window is done, from
/// 0 to 1. A window that reaches beyond `now` ends there.
///
/// # Errors
/// When the readings cannot be read.
pub async fn completeness(
    readings: &dyn Telemetry,
    tenant: &TenantId,
    window: Window,
    now: Timestamp,
    expectations: &Expectations,
    progress: impl FnMut(f64) + Send,
) -> Result<Completeness> {
    pass(readings, tenant, window, now, expectations, None, progress).await
}

/// How complete one device is; none when it said nothing in the window nor in the day before, and nobody told that it should.
///
/// # Errors
/// When the readings cannot be read.
pub async fn completeness_of(
    readings: &dyn Telemetry,
    tenant: &TenantId,
    window: Window,
    now: Timestamp,
    expectations: &Expectations,
    device: &DeviceId,
) -> Result<Option<DeviceCompleteness>> {
    let mut found = pass(readings, tenant, window, now, expectations, Some(device), |_| {}).await?;
    Ok(found.devices.pop())
}

async fn pass(
    readings: &dyn Telemetry,
    tenant: &TenantId,
    window: Window,
    now: Timestamp,
    expectations: &Expectations,
    only: Option<&DeviceId>,
    mut progress: impl FnMut(f64) + Send,
) -> Result<Completeness> {
    let end = window.until.min(now.plus(Duration::from_nanos(1)));
    let mut count = Count { expectations, only, window, end, devices: BTreeMap::new(), frames: Frames::new() };
    if let Some(before) = Window::new(window.from.minus(BEFORE), window.from) {
        let stream = open(readings, tenant, before, &count.frames.metric).await?;
        count.hear(stream, false).await?;
    }
    count.begin();
    let mut from = window.from;
    while from < end {
        let until = next_midnight(from).min(end);
        if let Some(day) = Window::new(from, until) {
            let stream = open(readings, tenant, day, &count.frames.metric).await?;
            count.hear(stream, true).await?;
        }
        from = until;
        progress(from.since(window.from).as_secs_f64() / end.since(window.from).as_secs_f64().max(1e-9));
    }
    Ok(count.settle())
}

/// The times of a day. Files may go while they are opened beside a running server; the second try finds what has come in their place.
async fn open(readings: &dyn Telemetry, tenant: &TenantId, day: Window, counter: &MetricName) -> Result<TimesStream> {
    match readings.times(tenant, day, counter).await {
        Err(error) if error.is_temporary() => readings.times(tenant, day, counter).await,
        other => other,
    }
}

fn next_midnight(time: Timestamp) -> Timestamp {
    Timestamp::from_nanos((time.as_nanos().div_euclid(DAY) + 1).saturating_mul(DAY))
}

/// One device.
struct Device<'a> {
    expectation: Option<&'a Expectation>,
    spans: Vec<Span>,
    series: BTreeMap<MetricName, Series>,
}

impl Device<'_> {
    fn known(&self, metric: &MetricName, from: i64) -> Known<'_> {
        let told = self.expectation.and_then(|expectation| expectation.intervals.get(metric));
        Known { from, spans: &self.spans, told: told.map(|every| nanos(*every)).filter(|nanos| *nanos > 0.0) }
    }
}

/// Everything that has been heard so far.
struct Count<'a> {
    expectations: &'a Expectations,
    /// The one device that is asked about; all when there is none.
    only: Option<&'a DeviceId>,
    window: Window,
    end: Timestamp,
    devices: BTreeMap<DeviceId, Device<'a>>,
    frames: Frames,
}

impl<'a> Count<'a> {
    async fn hear(&mut self, mut stream: TimesStream, inside: bool) -> Result<()> {
        while let Some(together) = stream.recv().await {
            for series in together? {
                self.one(&series, inside);
            }
        }
        Ok(())
    }

    fn one(&mut self, SeriesTimes { device, metric, times, numbers }: &SeriesTimes, inside: bool) {
        if self.only.is_some_and(|only| only != device) {
            return;
        }
        if *metric == self.frames.metric {
            self.frames.hear(device, numbers, inside);
        }
        // What the program itself writes down (presence, events, places, radio) has no rhythm.
        if metric.is_about_transport() {
            return;
        }
        if !self.devices.contains_key(device) {
            let known = self.device(self.expectations.of(device), device);
            self.devices.insert(device.clone(), known);
        }
        let Some(known) = self.devices.get_mut(device) else { return };
        let mut series = known.series.remove(metric).unwrap_or_default();
        series.hear(times, known.known(metric, self.window.from.as_nanos()));
        known.series.insert(metric.clone(), series);
    }

    fn device(&self, expectation: Option<&'a Expectation>, device: &DeviceId) -> Device<'a> {
        let spans = self.expectations.spans(device, self.window.from, self.end);
        Device { expectation, spans, series: BTreeMap::new() }
    }

    /// The window begins.
    fn begin(&mut self) {
        self.devices.values_mut().flat_map(|device| device.series.values_mut()).for_each(Series::begin);
    }

    fn settle(mut self) -> Completeness {
        // Who should have spoken and never did is missed in what stands for it.
        for (device, expectation) in self.expectations.all() {
            let Some(main) = expectation.main.as_ref().filter(|main| expectation.intervals.contains_key(*main)) else {
                continue;
            };
            if self.only.is_none_or(|only| only == device) && !self.devices.contains_key(device) {
                let mut silent = self.device(Some(expectation), device);
                if silent.spans.iter().any(|span| span.pace == Pace::Told) {
                    silent.series.insert(main.clone(), Series::default());
                    self.devices.insert(device.clone(), silent);
                }
            }
        }
        let (from, frames) = (self.window.from.as_nanos(), self.frames);
        let settle = |(device, mut known): (DeviceId, Device<'_>)| {
            let series = std::mem::take(&mut known.series);
            let series = series.into_iter().map(|(metric, series)| {
                let about = known.known(&metric, from);
                series.settle(metric, about)
            });
            DeviceCompleteness { lost_frames: frames.lost(&device), series: series.collect(), device }
        };
        Completeness { window: self.window, devices: self.devices.into_iter().map(settle).collect() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_ends_at_midnight() {
        assert_eq!(next_midnight(Timestamp::EPOCH), Timestamp::from_nanos(DAY));
        assert_eq!(next_midnight(Timestamp::from_nanos(-1)), Timestamp::EPOCH);
    }
}
