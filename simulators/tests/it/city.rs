//! Where things stand, what they are called and what they hang on.

use std::collections::{HashMap, HashSet};

use model::{Asset, Position, RelationKind};
use simulators::to_geojson;

use crate::{MESSINA, SEED, city};

fn of_class<'a>(assets: &'a [Asset], class: &'a str) -> impl Iterator<Item = &'a Asset> {
    assets.iter().filter(move |asset| asset.class.as_str() == class)
}

fn anchor(asset: &Asset) -> Position {
    asset.geometry.as_ref().and_then(model::Geometry::anchor).unwrap()
}

#[test]
fn the_same_seed_gives_the_same_city_and_another_seed_another() {
    let (one, two, other) = (city(SEED, 0.1), city(SEED, 0.1), city(SEED + 1, 0.1));
    assert_eq!(one.assets(), two.assets());
    assert_ne!(one.assets(), other.assets());
}

#[test]
fn the_full_city_has_about_nine_thousand_assets_of_five_domains() {
    let assets = MESSINA.assets();
    assert!((8_800..9_800).contains(&assets.len()), "{}", assets.len());
    let mut domains: HashMap<&str, usize> = HashMap::new();
    for asset in assets {
        *domains.entry(asset.domain.as_str()).or_default() += 1;
    }
    let ranges = [
        ("streetlight", 7_300..7_700),
        ("camera", 280..301),
        ("structural", 350..450),
        ("water", 750..1_050),
        ("environment", 140..160),
    ];
    for (domain, range) in ranges {
        let count = domains.get(domain).copied().unwrap_or(0);
        assert!(range.contains(&count), "{count} of {domain}");
    }
}

#[test]
fn names_of_assets_and_devices_are_unique() {
    let assets = MESSINA.assets();
    let ids: HashSet<_> = assets.iter().map(|asset| asset.id.as_str()).collect();
    assert_eq!(ids.len(), assets.len());
    let devices: Vec<_> = assets.iter().flat_map(|asset| asset.devices.iter().map(model::DeviceId::as_str)).collect();
    assert_eq!(devices.iter().collect::<HashSet<_>>().len(), devices.len());
    assert_eq!(devices.len(), MESSINA.device_count());
    let lamps: HashSet<_> = of_class(assets, "lamp").map(|lamp| lamp.name.as_str()).collect();
    assert_eq!(lamps.len(), of_class(assets, "lamp").count());
}

#[test]
fn everything_stands_inside_the_municipality() {
    for asset in MESSINA.assets() {
        for position in asset.geometry.as_ref().unwrap().positions() {
            assert!(MESSINA.contains(*position), "{} at {position:?}", asset.id);
            assert!(MESSINA.bounds().contains(*position), "{}", asset.id);
        }
    }
}

#[test]
fn lights_stand_beside_the_streets_that_are_drawn() {
    for lamp in of_class(MESSINA.assets(), "lamp").step_by(7) {
        let away = MESSINA.metres_to_street(anchor(lamp));
        assert!(away <= 5.0, "{} is {away} m from its street", lamp.id);
    }
}

#[test]
fn a_circuit_has_thirty_to_sixty_lamps_and_hangs_on_one_cabinet() {
    let assets = MESSINA.assets();
    let classes: HashMap<_, _> = assets.iter().map(|asset| (&asset.id, asset.class.as_str())).collect();
    let mut lamps: HashMap<_, usize> = HashMap::new();
    for lamp in of_class(assets, "lamp") {
        let circuits: Vec<_> = lamp.related(RelationKind::PoweredBy).collect();
        assert_eq!(circuits.len(), 1);
        assert_eq!(classes[circuits[0]], "circuit");
        *lamps.entry(circuits[0]).or_default() += 1;
    }
    for circuit in of_class(assets, "circuit") {
        let cabinets: Vec<_> = circuit.related(RelationKind::PoweredBy).collect();
        assert_eq!(cabinets.len(), 1);
        assert_eq!(classes[cabinets[0]], "cabinet");
        assert!((30..=60).contains(&lamps[&circuit.id]), "{} has {}", circuit.id, lamps[&circuit.id]);
    }
}

#[test]
fn every_relation_leads_to_an_asset_that_exists() {
    let ids: HashSet<_> = MESSINA.assets().iter().map(|asset| &asset.id).collect();
    for asset in MESSINA.assets() {
        assert!(asset.relations.iter().all(|relation| ids.contains(&relation.to)), "{}", asset.id);
    }
    let instruments = ["accelerometer", "tilt-meter", "crack-meter", "pressure-sensor", "quality-probe"];
    for class in instruments {
        for asset in of_class(MESSINA.assets(), class) {
            assert_eq!(asset.related(RelationKind::LocatedIn).count(), 1, "{}", asset.id);
        }
    }
}

#[test]
fn a_city_of_any_allowed_scale_can_be_built() {
    for scale in [0.02, 0.3, 2.5] {
        let built = city(SEED, scale);
        let lamps = of_class(built.assets(), "lamp").count() as f64;
        assert!((lamps / (7_300.0 * scale) - 1.0).abs() < 0.05, "{lamps} lamps at scale {scale}");
    }
    let tenant = model::TenantId::new("messina").unwrap();
    let error = simulators::City::messina(&tenant, SEED, 40.0).unwrap_err();
    assert!(error.to_string().contains("scale"), "{error}");
}

#[test]
fn the_registry_as_geojson_keeps_every_asset_with_its_relations() {
    let built = city(SEED, 0.05);
    let text = to_geojson(built.assets());
    let collection: geojson::FeatureCollection = text.parse().unwrap();
    assert_eq!(collection.features.len(), built.assets().len());
    for (feature, asset) in collection.features.iter().zip(built.assets()) {
        assert_eq!(feature.property("id").unwrap(), asset.id.as_str());
        assert_eq!(feature.property("devices").unwrap().as_array().unwrap().len(), asset.devices.len());
        let relations = feature.property("relations").unwrap().as_array().unwrap();
        assert_eq!(relations.len(), asset.relations.len());
        assert!(feature.geometry.is_some());
    }
}
