//! Assets as a table: a row each.
//!
//! Columns, in any order: `id` (needed); `name`, `domain`, `class`, `longitude` and `latitude` or `geometry` (WKT), `area`, `devices` (parted by `;`), `relations`
//! (`powered-by:circuit-1`, parted by `;`), `main_metric`, `lifecycle`, `properties` (a JSON object), and `property.KEY` for single ones. A column that is
//! missing leaves what is known as it is; an empty cell takes it away.

use std::collections::{BTreeMap, BTreeSet};

use model::{Asset, AssetClass, AssetId, DeviceId, Domain, Geometry, MetricName, Relation};

use super::cell::{guarded, items, list, unguarded};
use super::draft::{Draft, relation, stage};
use super::drafts::Drafts;
use super::mistake::Mistakes;
use super::wkt;

/// The columns that are known.
const COLUMNS: [&str; 13] = [
    "id",
    "name",
    "domain",
    "class",
    "longitude",
    "latitude",
    "geometry",
    "area",
    "devices",
    "relations",
    "main_metric",
    "lifecycle",
    "properties",
];
/// What single properties begin with.
const PROPERTY: &str = "property.";
/// Properties that get a column of their own at most; more would make no table that can be read.
const PROPERTY_COLUMNS: usize = 64;

/// What a table says.
pub(super) fn read(text: &str) -> Result<Vec<Draft>, Mistakes> {
    let header = text.lines().next().unwrap_or_default();
    let semicolons = header.matches(';').count() > header.matches(',').count();
    let mut reader = csv::ReaderBuilder::new()
        .delimiter(if semicolons { b';' } else { b',' })
        .flexible(true)
        .from_reader(text.as_bytes());
    let header = reader.headers().map_err(|error| Mistakes::one(1, error.to_string()))?.clone();
    let columns = columns(&header)?;
    let mut drafts = Drafts::default();
    for record in reader.records() {
        let record = match record {
            Ok(record) => record,
            Err(error) => {
                let line = error.position().map_or(0, csv::Position::line);
                drafts.wrong(line, format!("cannot be read: {error}"));
                break;
            }
        };
        let line = record.position().map_or(0, csv::Position::line);
        if record.len() != header.len() {
            let what = format!(
                "{} cells under {} columns; put a text that holds a separator into quotes",
                record.len(),
                header.len()
            );
            drafts.wrong(line, what);
            continue;
        }
        drafts.take(line, draft(line, &record, &columns));
    }
    drafts.finish()
}

/// The place of each column by its name.
fn columns(header: &csv::StringRecord) -> Result<BTreeMap<String, usize>, Mistakes> {
    let mut columns = BTreeMap::new();
    for (at, name) in header.iter().enumerate() {
        let name = unguarded(name).trim().to_owned();
        let known = COLUMNS.contains(&name.as_str()) || name.strip_prefix(PROPERTY).is_some_and(|key| !key.is_empty());
        if !known {
            let what = format!("the column {name:?} is not known; write {} or property.KEY", COLUMNS.join(", "));
            return Err(Mistakes::one(1, what));
        }
        if columns.insert(name.clone(), at).is_some() {
            return Err(Mistakes::one(1, format!("the column {name:?} is there twice")));
        }
    }
    if !columns.contains_key("id") {
        return Err(Mistakes::one(1, "there is no column id; the first line must name the columns"));
    }
    if columns.contains_key("longitude") != columns.contains_key("latitude") {
        return Err(Mistakes::one(1, "longitude and latitude belong together"));
    }
    Ok(columns)
}

fn draft(line: u64, record: &csv::StringRecord, columns: &BTreeMap<String, usize>) -> Result<Draft, String> {
    let cell = |name: &str| columns.get(name).and_then(|at| record.get(*at)).map(unguarded);
    let of = |name: &'static str| move |why: String| format!("{name}: {why}");
    let id = AssetId::new(cell("id").unwrap_or_default()).map_err(|why| format!("id: {why}"))?;
    let mut draft = Draft::new(line, id);
    let said = |text: Option<&str>| text.filter(|text| !text.is_empty()).map(str::to_owned);
    draft.name = said(cell("name"));
    draft.domain = said(cell("domain")).map(Domain::new).transpose().map_err(|why| format!("domain: {why}"))?;
    draft.class = said(cell("class")).map(AssetClass::new).transpose().map_err(|why| format!("class: {why}"))?;
    draft.geometry = place(cell("longitude"), cell("latitude"), cell("geometry"))?;
    draft.area = cell("area").map(|area| said(Some(area)));
    draft.devices = cell("devices").map(devices).transpose().map_err(of("devices"))?;
    draft.relations = cell("relations").map(relations).transpose().map_err(of("relations"))?;
    draft.main_metric = cell("main_metric")
        .map(|cell| said(Some(cell)).map(MetricName::new).transpose())
        .transpose()
        .map_err(|why| format!("main_metric: {why}"))?;
    draft.lifecycle = said(cell("lifecycle")).map(|word| stage(word.trim())).transpose().map_err(of("lifecycle"))?;
    if let Some(cell) = cell("properties") {
        draft.properties.all = true;
        if !cell.trim().is_empty() {
            let named: BTreeMap<String, String> = serde_json::from_str(cell).map_err(|error| {
                format!("properties: {error}; write a JSON object of texts such as {{\"height\": \"9 m\"}}")
            })?;
            draft.properties.named.extend(named.into_iter().map(|(key, value)| (key, Some(value))));
        }
    }
    for (name, at) in columns {
        if let (Some(key), Some(value)) = (name.strip_prefix(PROPERTY), record.get(*at).map(unguarded)) {
            // What the JSON object says of the same key counts where the cell is empty.
            if !value.is_empty() {
                draft.properties.named.insert(key.to_owned(), Some(value.to_owned()));
            } else {
                draft.properties.named.entry(key.to_owned()).or_insert(None);
            }
        }
    }
    Ok(draft)
}

fn devices(cell: &str) -> Result<Vec<DeviceId>, String> {
    items(cell)?.iter().map(|name| DeviceId::new(name).map_err(|why| why.to_string())).collect()
}

fn relations(cell: &str) -> Result<Vec<Relation>, String> {
    let one = |item: &String| {
        let wrong = || format!("{item:?} is no relation; write powered-by:circuit-1");
        let (kind, to) = item.split_once(':').ok_or_else(wrong)?;
        relation(kind.trim(), to)
    };
    items(cell)?.iter().map(one).collect()
}

/// What the cells say about the place: nothing, that there is none, or where.
fn place(lon: Option<&str>, lat: Option<&str>, wkt: Option<&str>) -> Result<Option<Option<Geometry>>, String> {
    let trimmed = |text: Option<&str>| text.map(str::trim).filter(|text| !text.is_empty()).map(str::to_owned);
    match (trimmed(lon), trimmed(lat), trimmed(wkt)) {
        (None, None, None) => Ok((lon.is_some() || wkt.is_some()).then_some(None)),
        (None, None, Some(wkt)) => {
            wkt::read(&wkt).map(|place| Some(Some(place))).map_err(|why| format!("geometry: {why}"))
        }
        (Some(lon), Some(lat), None) => {
            let position = wkt::position(&lon, &lat).map_err(|why| format!("longitude, latitude: {why}"))?;
            Ok(Some(Some(Geometry::Point(position))))
        }
        (Some(_), Some(_), Some(_)) => Err("write longitude and latitude, or geometry, not both".to_owned()),
        _ => Err("longitude and latitude belong together; one of them is empty".to_owned()),
    }
}

/// Assets as a table.
pub(super) fn write(assets: &[Asset]) -> String {
    let mut keys: BTreeSet<&str> =
        assets.iter().flat_map(|asset| asset.properties.keys().map(String::as_str)).collect();
    // A name that is trimmed away, or too many of them: the object says it.
    keys.retain(|key| !key.is_empty() && key.trim() == *key);
    if keys.len() > PROPERTY_COLUMNS {
        keys.clear();
    }
    let mut writer = csv::Writer::from_writer(Vec::new());
    let header = COLUMNS.iter().map(|name| (*name).to_owned()).chain(keys.iter().map(|key| format!("{PROPERTY}{key}")));
    let mut outcome = writer.write_record(header);
    for asset in assets {
        outcome = outcome.and_then(|()| writer.write_record(cells(asset, &keys)));
    }
    outcome.expect("a table in memory takes every row, and every row has all columns");
    let bytes = writer.into_inner().expect("a table in memory is written at once");
    String::from_utf8(bytes).expect("cells are texts")
}

fn cells(asset: &Asset, keys: &BTreeSet<&str>) -> Vec<String> {
    let (lon, lat, wkt) = match &asset.geometry {
        Some(Geometry::Point(at)) => (at.lon().to_string(), at.lat().to_string(), String::new()),
        Some(other) => (String::new(), String::new(), wkt::text(other)),
        None => (String::new(), String::new(), String::new()),
    };
    let relations: Vec<String> =
        asset.relations.iter().map(|relation| format!("{}:{}", relation.kind.as_str(), relation.to)).collect();
    let has_column = |key: &str, value: &str| keys.contains(key) && !value.is_empty();
    let rest: BTreeMap<&String, &String> =
        asset.properties.iter().filter(|(key, value)| !has_column(key, value)).collect();
    let rest = if rest.is_empty() { String::new() } else { serde_json::to_string(&rest).unwrap_or_default() };
    let mut cells = vec![
        guarded(asset.id.as_str()),
        guarded(&asset.name),
        asset.domain.to_string(),
        asset.class.to_string(),
        lon,
        lat,
        wkt,
        guarded(asset.area.as_deref().unwrap_or_default()),
        guarded(&list(asset.devices.iter().map(DeviceId::as_str))),
        guarded(&list(relations.iter().map(String::as_str))),
        guarded(asset.main_metric.as_ref().map_or("", MetricName::as_str)),
        asset.lifecycle.as_str().to_owned(),
        rest,
    ];
    cells.extend(keys.iter().map(|key| guarded(asset.properties.get(*key).map_or("", String::as_str))));
    cells
}
