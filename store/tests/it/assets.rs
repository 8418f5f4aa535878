//! What is kept of tenants and assets.

use std::time::{Duration, Instant};

use model::{Asset, Geometry, Position};
use store::Upserted;

use crate::town::{asset, asset_id, open, reopen, tenant};

fn counted(added: usize, changed: usize, unchanged: usize) -> Upserted {
    Upserted { added, changed, unchanged }
}

#[tokio::test]
async fn an_asset_comes_back_after_a_restart_exactly_as_it_was_given() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path()).await;
    let me = tenant("messina");
    let (lon, lat) = (0.1 + 0.2, -1.0 / 3.0);
    let path = vec![Position::new(lon, lat).unwrap(), Position::new(-180.0, 90.0).unwrap()];
    let bare = Asset {
        geometry: None,
        area: None,
        devices: Vec::new(),
        relations: Vec::new(),
        main_metric: None,
        ..asset(&me, "b")
    };
    let given = vec![
        asset(&me, "a"),
        bare,
        Asset { geometry: Some(Geometry::Line(path.clone())), ..asset(&me, "c'; drop table asset; --") },
        Asset { geometry: Some(Geometry::Polygon(path)), ..asset(&me, "d\u{0}d") },
    ];
    assert_eq!(store.put_assets(&given).await.unwrap(), counted(4, 0, 0));
    let store = reopen(store, folder.path()).await;
    assert_eq!(store.assets(&me).await.unwrap(), given);
    assert_eq!(store.asset(&me, &given[3].id).await.unwrap().as_ref(), Some(&given[3]));
}

#[tokio::test]
async fn assets_are_counted_as_added_changed_or_unchanged_and_the_last_word_counts() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path()).await;
    let me = tenant("messina");
    let renamed = |name: &str| Asset { name: name.to_owned(), ..asset(&me, "a") };
    assert_eq!(store.put_assets(&[]).await.unwrap(), counted(0, 0, 0));
    assert_eq!(store.put_assets(&[asset(&me, "a"), asset(&me, "b")]).await.unwrap(), counted(2, 0, 0));
    assert_eq!(store.put_assets(&[renamed("x"), asset(&me, "b")]).await.unwrap(), counted(0, 1, 1));
    let twice = [renamed("y"), asset(&me, "c"), asset(&me, "c"), renamed("z")];
    assert_eq!(store.put_assets(&twice).await.unwrap(), counted(1, 2, 1));
    assert_eq!(store.asset(&me, &asset_id("a")).await.unwrap().unwrap().name, "z");
}

#[tokio::test]
async fn a_place_is_given_to_assets_that_have_none_and_to_no_others() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path()).await;
    let (me, ct) = (tenant("messina"), tenant("catania"));
    let (first, second) = (Position::new(15.55, 38.19).unwrap(), Position::new(15.6, 38.2).unwrap());
    let nowhere = |of, id| Asset { geometry: None, ..asset(of, id) };
    let standing = Asset { geometry: Some(Geometry::Point(second)), ..asset(&me, "b") };
    store.put_assets(&[nowhere(&me, "a"), standing.clone(), nowhere(&ct, "a")]).await.unwrap();

    let places = ["a", "b", "unknown", "a"].map(asset_id).into_iter().zip([first, first, first, second]);
    let placed = Asset { geometry: Some(Geometry::Point(first)), ..asset(&me, "a") };
    assert_eq!(store.place_assets(&me, &places.collect::<Vec<_>>()).await.unwrap(), std::slice::from_ref(&placed));
    assert_eq!(store.place_assets(&me, &[(asset_id("a"), second)]).await.unwrap(), []);
    assert_eq!(store.place_assets(&me, &[]).await.unwrap(), []);
    let store = reopen(store, folder.path()).await;
    assert_eq!(store.assets(&me).await.unwrap(), [placed, standing]);
    assert_eq!(store.assets(&ct).await.unwrap(), [nowhere(&ct, "a")]);
}

#[tokio::test]
async fn a_tenant_sees_only_its_own_assets() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path()).await;
    let (me, ct) = (tenant("messina"), tenant("catania"));
    let theirs = Asset { name: "loro".to_owned(), ..asset(&ct, "a") };
    assert_eq!(store.put_assets(&[asset(&me, "a"), theirs.clone(), asset(&me, "b")]).await.unwrap(), counted(3, 0, 0));
    assert_eq!(store.assets(&ct).await.unwrap(), [theirs]);
    assert_eq!(store.asset(&ct, &asset_id("b")).await.unwrap(), None);
    assert_eq!(store.assets(&tenant("palermo")).await.unwrap(), []);
}

#[tokio::test]
async fn tenants_are_listed_by_id_with_their_latest_name() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path()).await;
    for (id, name) in [("messina", "Messina"), ("catania", "Catania"), ("messina", "Comune di Messina")] {
        store.put_tenant(&tenant(id), name).await.unwrap();
    }
    let store = reopen(store, folder.path()).await;
    let expected = [(tenant("catania"), "Catania".to_owned()), (tenant("messina"), "Comune di Messina".to_owned())];
    assert_eq!(store.tenants().await.unwrap(), expected);
}

#[tokio::test]
async fn a_whole_city_is_registered_in_seconds() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path()).await;
    let me = tenant("messina");
    let city: Vec<Asset> = (0..10_000).map(|n| asset(&me, &format!("lamp-{n:05}"))).collect();
    for expected in [counted(10_000, 0, 0), counted(0, 0, 10_000)] {
        let started = Instant::now();
        assert_eq!(store.put_assets(&city).await.unwrap(), expected);
        let took = started.elapsed();
        assert!(took < Duration::from_secs(10), "took {took:?}"); // 1 s alone on the machine; ten times that when it is busy
    }
    assert_eq!(store.assets(&me).await.unwrap(), city);
}
