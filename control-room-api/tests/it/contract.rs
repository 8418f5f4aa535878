//! The document and the contract name the same questions.

use std::collections::BTreeSet;

use serde_json::Value as Json;

use crate::city::City;

const CONTRACT: &str = include_str!("../../WIRE.md");

/// The method and path of every route that the contract names, query left out. Those of the second table stand below `/api/v1`.
fn routes() -> BTreeSet<(String, String)> {
    let mut routes = BTreeSet::new();
    for word in CONTRACT.split('`') {
        let mut parts = word.split_whitespace();
        let (Some(method), Some(path)) = (parts.next(), parts.next()) else { continue };
        if !matches!(method, "GET" | "POST" | "DELETE" | "PUT" | "PATCH") || !path.starts_with('/') {
            continue;
        }
        let path = path.split('?').next().unwrap();
        let whole = path.starts_with("/api/v1")
            || matches!(path, "/status" | "/metrics" | "/log-reports")
            || path.starts_with("/ngsi-ld/");
        let path = if whole { path.to_owned() } else { format!("/api/v1{path}") };
        routes.insert((method.to_lowercase(), path));
    }
    routes
}

#[test]
fn every_route_of_the_contract_is_in_the_document_and_the_other_way_round() {
    let document: Json = serde_json::from_str(&control_room_api::openapi_document()).unwrap();
    let mut documented = BTreeSet::new();
    for (path, methods) in document["paths"].as_object().unwrap() {
        for method in methods.as_object().unwrap().keys() {
            documented.insert((method.clone(), path.clone()));
        }
    }
    assert!(routes().len() >= 15, "the contract was not read: {:?}", routes());
    assert_eq!(documented, routes());
}

/// The names in the braces that follow `shape` in the contract, up to the closing brace.
fn fields(shape: &str) -> BTreeSet<String> {
    let (_, rest) = CONTRACT.split_once(&format!("\n{shape}")).unwrap();
    let mut depth = 0;
    let mut names = BTreeSet::new();
    let mut name = String::new();
    let mut naming = false;
    for c in rest.chars() {
        match c {
            '{' | '[' | '(' => {
                depth += 1;
                naming = depth == 1;
            }
            '}' | ']' | ')' => {
                depth -= 1;
                if depth == 0 {
                    break;
                }
            }
            ',' | ':' | '|' if depth == 1 => {
                if naming && !name.trim().is_empty() {
                    names.insert(name.trim().to_owned());
                }
                name.clear();
                naming = c == ',';
                continue;
            }
            _ => {}
        }
        if depth == 1 && naming && (c.is_alphanumeric() || c == '_') {
            name.push(c);
        }
    }
    if naming && !name.is_empty() {
        names.insert(name);
    }
    names
}

#[test]
fn shapes_have_the_fields_that_the_contract_names() {
    let document: Json = serde_json::from_str(&control_room_api::openapi_document()).unwrap();
    for shape in ["AssetBrief", "History", "Alarm", "Newcomer"] {
        let schema = &document["components"]["schemas"][shape]["properties"];
        let known: BTreeSet<_> = schema.as_object().unwrap().keys().cloned().collect();
        assert_eq!(known, fields(&format!("{shape} ")), "{shape}");
    }
}

/// Generators make a name of each operation: two of one name are an error in what they make.
#[test]
fn every_operation_has_a_name_of_its_own() {
    let document: Json = serde_json::from_str(&control_room_api::openapi_document()).unwrap();
    let paths = document["paths"].as_object().unwrap().values();
    let operations = paths.flat_map(|methods| methods.as_object().unwrap().values());
    let mut names: Vec<_> = operations.map(|operation| operation["operationId"].as_str().unwrap()).collect();
    let all = names.len();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), all);
}

/// The screens' types are made from the committed document (`npm run wire` in `dashboards`).
#[test]
fn the_committed_document_is_this_one() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/openapi.json");
    let made = control_room_api::openapi_document();
    if std::env::var_os("SPECOLA_WRITE_OPENAPI").is_some() {
        std::fs::write(path, &made).unwrap();
    }
    let committed = std::fs::read_to_string(path).unwrap_or_default();
    let same = serde_json::from_str::<Json>(&committed).ok() == serde_json::from_str(&made).ok();
    assert!(
        same,
        "openapi.json is old: SPECOLA_WRITE_OPENAPI=1 cargo test -p control-room-api contract, then npm run wire"
    );
}

#[tokio::test]
async fn the_document_is_served_to_anybody_and_is_openapi_3_1() {
    let city = City::open().await;
    let document: Json = reqwest::get(city.url("/api/v1/openapi.json")).await.unwrap().json().await.unwrap();
    assert!(document["openapi"].as_str().unwrap().starts_with("3.1"), "{}", document["openapi"]);
    let alarm = &document["components"]["schemas"]["Alarm"];
    let required = alarm["required"].as_array().unwrap().len();
    assert_eq!(required, alarm["properties"].as_object().unwrap().len(), "absent fields are null, not missing");
}
