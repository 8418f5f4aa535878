//! Refused messages, and what becomes of them when they are read again.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use model::{Timestamp, Window};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::alarm::Words;
use crate::letters::{LetterFate, Reread, advice};

/// Which letters.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
pub(crate) struct LetterQuery {
    /// Only with this reason.
    pub(crate) reason: Option<String>,
    /// Only from this source.
    pub(crate) source: Option<String>,
    /// Only on topics that begin so.
    pub(crate) topic: Option<String>,
    /// RFC 3339: only those that came then or later.
    pub(crate) since: Option<String>,
    /// `next` of the page before.
    pub(crate) after: Option<String>,
    /// At most so many: 1 to 1000, default 100.
    pub(crate) limit: Option<usize>,
}

/// A refused message. The same message is one letter however often it came.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct Letter {
    id: String,
    reason: String,
    /// Which field, which position.
    detail: String,
    /// What can be changed so that it is understood.
    advice: Words,
    source: String,
    topic: String,
    #[schema(format = DateTime)]
    first: String,
    #[schema(format = DateTime)]
    last: String,
    /// How often it came.
    times: u64,
    /// Readings that were refused one by one; 0 when the whole message was.
    readings: u32,
    /// The size of the message.
    bytes: u64,
    /// Its first bytes as text; what is no text is replaced.
    head: String,
    /// Whether it waits to be read again.
    wanted: bool,
}

/// How many letters there are for one reason.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct LetterCount {
    reason: String,
    letters: u64,
    /// Messages that they stand for.
    messages: u64,
    bytes: u64,
}

/// One page of letters, the one that came last first.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct LetterPage {
    pub(crate) items: Vec<Letter>,
    #[schema(required)]
    pub(crate) next: Option<String>,
    /// All letters of the city, by reason.
    pub(crate) counts: Vec<LetterCount>,
}

/// Over which time.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
pub(crate) struct LetterTimelineQuery {
    /// RFC 3339; 24 hours before `to` when left out.
    pub(crate) from: Option<String>,
    /// RFC 3339; now when left out.
    pub(crate) to: Option<String>,
    /// In so many equal stretches: 1 to 400, default 48.
    pub(crate) stretches: Option<usize>,
}

/// When messages of one reason and source came that were refused.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct LetterLine {
    pub(crate) reason: String,
    pub(crate) source: String,
    /// All of them.
    pub(crate) messages: u64,
    /// Those of each stretch, the oldest first.
    pub(crate) counts: Vec<u64>,
}

/// When messages came that were refused and are still kept, by reason and source; those with the most first.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct LetterTimeline {
    #[schema(format = DateTime)]
    pub(crate) from: String,
    #[schema(format = DateTime)]
    pub(crate) to: String,
    /// How long a stretch is.
    pub(crate) stretch_s: f64,
    pub(crate) lines: Vec<LetterLine>,
}

/// A letter with all that is kept of it.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct LetterDetail {
    #[serde(flatten)]
    letter: Letter,
    /// The message in base64, whole unless it was too large to be taken.
    payload: String,
    /// Whether it is whole and can be read again.
    whole: bool,
    /// When it came: the first moments, oldest first.
    arrivals: Vec<String>,
}

/// Letters to act on: these, or all that fit.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct LetterChoice {
    pub(crate) ids: Vec<String>,
    pub(crate) reason: Option<String>,
    pub(crate) source: Option<String>,
    /// The beginning of the topic.
    pub(crate) topic: Option<String>,
    /// Only tell what would become of them.
    pub(crate) dry_run: bool,
}

/// What became of one letter.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct LetterOutcome {
    id: String,
    /// understood, refused, incomplete or unknown.
    fate: String,
    /// Readings, when it was understood.
    #[schema(required)]
    readings: Option<u64>,
    /// Why, when it is refused again.
    #[schema(required)]
    reason: Option<String>,
    #[schema(required)]
    detail: Option<String>,
}

/// What became of letters that were read again.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct LettersReplayed {
    letters: Vec<LetterOutcome>,
    stored: u64,
    duplicate: u64,
    conflict: u64,
    /// Whether more letters fit than are read at once: ask again.
    more: bool,
}

/// How many letters were discarded.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct LettersDiscarded {
    pub(crate) discarded: u64,
    /// Whether more letters fit than are discarded at once: ask again.
    pub(crate) more: bool,
}

impl Letter {
    pub(crate) fn of(letter: &store::Letter) -> Self {
        let store::Letter { id, letter, times, first, wanted } = letter;
        let (it, en) = advice(letter.reason);
        Self {
            id: id.to_string(),
            reason: letter.reason.as_str().into(),
            detail: letter.detail.clone(),
            advice: Words { it: it.into(), en: en.into() },
            source: letter.source.clone(),
            topic: letter.topic.clone(),
            first: first.to_rfc3339(),
            last: letter.received.to_rfc3339(),
            times: *times,
            readings: letter.readings,
            bytes: letter.bytes,
            head: String::from_utf8_lossy(letter.head()).into_owned(),
            wanted: *wanted,
        }
    }
}

impl LetterCount {
    pub(crate) fn of(count: &store::DeadLetterCount) -> Self {
        let store::DeadLetterCount { reason, letters, messages, bytes } = *count;
        Self { reason: reason.as_str().into(), letters, messages, bytes }
    }
}

impl LetterTimeline {
    /// `tally` is in the order of reasons and sources.
    pub(crate) fn of(window: Window, stretch: Duration, tally: Vec<store::LetterTally>) -> Self {
        let stretches = usize::try_from(window.span().as_nanos().div_ceil(stretch.as_nanos().max(1))).unwrap_or(0);
        let mut lines: Vec<LetterLine> = Vec::new();
        for one in tally {
            let reason = one.reason.as_str();
            if lines.last().is_none_or(|line| line.reason != reason || line.source != one.source) {
                let counts = vec![0; stretches];
                lines.push(LetterLine { reason: reason.to_owned(), source: one.source, messages: 0, counts });
            }
            if let Some(line) = lines.last_mut()
                && let Some(count) = line.counts.get_mut(one.stretch)
            {
                *count += one.messages;
                line.messages += one.messages;
            }
        }
        lines.sort_by_key(|line| std::cmp::Reverse(line.messages));
        Self { from: window.from.to_rfc3339(), to: window.until.to_rfc3339(), stretch_s: stretch.as_secs_f64(), lines }
    }
}

impl LetterDetail {
    pub(crate) fn of(letter: &store::Letter, arrivals: &[Timestamp]) -> Self {
        Self {
            payload: STANDARD.encode(&letter.letter.payload),
            whole: letter.letter.is_whole(),
            arrivals: arrivals.iter().map(|time| time.to_rfc3339()).collect(),
            letter: Letter::of(letter),
        }
    }
}

impl LettersReplayed {
    pub(crate) fn of(reread: Reread, more: bool) -> Self {
        let Reread { letters, stored, duplicate, conflict } = reread;
        let outcome = |(id, fate): (model::LetterId, LetterFate)| {
            let (word, readings, reason, detail) = match fate {
                LetterFate::Understood { readings } => ("understood", Some(readings), None, None),
                LetterFate::Refused { reason, detail } => {
                    ("refused", None, Some(reason.as_str().to_owned()), Some(detail))
                }
                LetterFate::Incomplete => ("incomplete", None, None, None),
                LetterFate::Unknown => ("unknown", None, None, None),
            };
            LetterOutcome { id: id.to_string(), fate: word.into(), readings, reason, detail }
        };
        Self { letters: letters.into_iter().map(outcome).collect(), stored, duplicate, conflict, more }
    }
}
