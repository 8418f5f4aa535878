//! One record of the log: whose readings, which readings, and a checksum over both.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::{Arc, LazyLock};

use arrow::array::RecordBatch;
use arrow::buffer::Buffer;
use arrow::error::ArrowError;
use arrow::ipc::writer::{DictionaryTracker, IpcDataGenerator, IpcWriteContext, IpcWriteOptions};
use arrow::ipc::{reader, root_as_message};
use model::TenantId;

use super::schema::SCHEMA;

/// The first bytes of every frame.
const MAGIC: [u8; 4] = *b"SpFr";
/// Magic, length of the payload, checksum of the payload, length of the tenant's name, checksum of these.
const HEADER: usize = 4 + 4 + 4 + 4 + 4;
/// A longer frame cannot be: one group commit is far smaller.
const LONGEST: usize = 1 << 30;

static OPTIONS: LazyLock<IpcWriteOptions> = LazyLock::new(IpcWriteOptions::default);

/// Adds one frame to `out`.
pub(super) fn encode(
    out: &mut Vec<u8>,
    context: &mut IpcWriteContext,
    tenant: &TenantId,
    batch: &RecordBatch,
) -> Result<(), ArrowError> {
    let mut dictionaries = DictionaryTracker::new(false);
    let (_, encoded) = IpcDataGenerator::default().encode(batch, &mut dictionaries, &OPTIONS, context)?;
    let tenant = tenant.as_str().as_bytes();
    let message = encoded.ipc_message;
    let body = encoded.arrow_data;
    let length = tenant.len() + 4 + message.len() + body.len();
    if length > LONGEST {
        return Err(ArrowError::IpcError(format!("a frame of {length} bytes is too long")));
    }
    let start = out.len();
    out.reserve(HEADER + length);
    out.extend_from_slice(&MAGIC);
    out.extend_from_slice(&(length as u32).to_le_bytes());
    out.extend_from_slice(&[0; 4]);
    out.extend_from_slice(&(tenant.len() as u32).to_le_bytes());
    out.extend_from_slice(&[0; 4]);
    out.extend_from_slice(tenant);
    out.extend_from_slice(&(message.len() as u32).to_le_bytes());
    out.extend_from_slice(&message);
    out.extend_from_slice(&body);
    let payload = crc32fast::hash(&out[start + HEADER..]);
    out[start + 8..start + 12].copy_from_slice(&payload.to_le_bytes());
    let header = crc32fast::hash(&out[start..start + 16]);
    out[start + 16..start + 20].copy_from_slice(&header.to_le_bytes());
    Ok(())
}

/// A stretch of a log segment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Stretch {
    /// A whole frame whose checksums are right.
    Frame(Range<usize>),
    /// Bytes that are no frame.
    Damage {
        /// Where.
        range: Range<usize>,
        /// Whether it begins with the whole header of a frame that is all there but whose checksum is wrong: not the mere end of an
        /// unfinished write.
        altered: bool,
    },
}

fn word(bytes: &[u8], at: usize) -> Option<u32> {
    bytes.get(at..at + 4).and_then(|slice| slice.try_into().ok()).map(u32::from_le_bytes)
}

enum Found {
    Whole(usize),
    Altered,
    Nothing,
}

fn frame_at(bytes: &[u8], at: usize) -> Found {
    let Some(header) = bytes.get(at..at + HEADER) else { return Found::Nothing };
    if header[..4] != MAGIC || word(header, 16) != Some(crc32fast::hash(&header[..16])) {
        return Found::Nothing;
    }
    let length = word(header, 4).unwrap_or(u32::MAX) as usize;
    match bytes.get(at + HEADER..at.saturating_add(HEADER).saturating_add(length)) {
        Some(payload) if Some(crc32fast::hash(payload)) == word(header, 8) => Found::Whole(at + HEADER + length),
        Some(_) => Found::Altered,
        None => Found::Nothing,
    }
}

/// Cuts the bytes of a segment, from `start`, into frames and damage. Never panics, whatever the bytes.
pub(super) fn scan(bytes: &[u8], start: usize) -> Vec<Stretch> {
    let mut stretches = Vec::new();
    let mut at = start.min(bytes.len());
    while at < bytes.len() {
        let altered = match frame_at(bytes, at) {
            Found::Whole(end) => {
                stretches.push(Stretch::Frame(at..end));
                at = end;
                continue;
            }
            Found::Altered => true,
            Found::Nothing => false,
        };
        let damaged = at;
        at += 1;
        while at < bytes.len() && !(bytes[at] == MAGIC[0] && matches!(frame_at(bytes, at), Found::Whole(_))) {
            at += 1;
        }
        stretches.push(Stretch::Damage { range: damaged..at, altered });
    }
    stretches
}

/// Reads a frame that [`scan`] found.
pub(super) fn decode(frame: &[u8]) -> Result<(TenantId, RecordBatch), ArrowError> {
    let bad = |what: &str| ArrowError::IpcError(format!("{what} of the frame cannot be read"));
    let names = word(frame, 12).ok_or_else(|| bad("header"))? as usize;
    let payload = frame.get(HEADER..).ok_or_else(|| bad("header"))?;
    let tenant = payload.get(..names).and_then(|name| std::str::from_utf8(name).ok()).ok_or_else(|| bad("tenant"))?;
    let tenant = TenantId::new(tenant).map_err(|_| bad("tenant"))?;
    let length = word(payload, names).ok_or_else(|| bad("length"))? as usize;
    let message = payload.get(names + 4..names + 4 + length).ok_or_else(|| bad("message"))?;
    let body = &payload[names + 4 + length..];
    let message = root_as_message(message).map_err(|error| ArrowError::IpcError(error.to_string()))?;
    let header = message.header_as_record_batch().ok_or_else(|| bad("kind"))?;
    let batch = reader::read_record_batch(
        &Buffer::from(body),
        header,
        Arc::clone(&SCHEMA),
        &HashMap::new(),
        None,
        &message.version(),
    )?;
    Ok((tenant, batch))
}
