//! What is kept of tenants and assets.

use std::time::{Duration, Instant};

use model::{Asset, Geometry, Lifecycle, Position, Timestamp};
use store::{AssetFactFilter, Author, StageFact, Upserted};

use crate::town::{asset, asset_id, open, reopen, tenant};

fn author(seconds: i64) -> Author<'static> {
    Author { at: Timestamp::from_nanos(seconds * 1_000_000_000), who: "anna", act: "import" }
}

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
    assert_eq!(store.put_assets(&given, &author(1)).await.unwrap(), counted(4, 0, 0));
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
    assert_eq!(store.put_assets(&[], &author(1)).await.unwrap(), counted(0, 0, 0));
    assert_eq!(store.put_assets(&[asset(&me, "a"), asset(&me, "b")], &author(1)).await.unwrap(), counted(2, 0, 0));
    assert_eq!(store.put_assets(&[renamed("x"), asset(&me, "b")], &author(1)).await.unwrap(), counted(0, 1, 1));
    let twice = [renamed("y"), asset(&me, "c"), asset(&me, "c"), renamed("z")];
    assert_eq!(store.put_assets(&twice, &author(1)).await.unwrap(), counted(1, 2, 1));
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
    store.put_assets(&[nowhere(&me, "a"), standing.clone(), nowhere(&ct, "a")], &author(1)).await.unwrap();

    let places = ["a", "b", "unknown", "a"].map(asset_id).into_iter().zip([first, first, first, second]);
    let placed = Asset { geometry: Some(Geometry::Point(first)), ..asset(&me, "a") };
    assert_eq!(
        store.place_assets(&me, &places.collect::<Vec<_>>(), &author(2)).await.unwrap(),
        std::slice::from_ref(&placed)
    );
    assert_eq!(store.place_assets(&me, &[(asset_id("a"), second)], &author(2)).await.unwrap(), []);
    assert_eq!(store.place_assets(&me, &[], &author(2)).await.unwrap(), []);
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
    assert_eq!(
        store.put_assets(&[asset(&me, "a"), theirs.clone(), asset(&me, "b")], &author(1)).await.unwrap(),
        counted(3, 0, 0)
    );
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
        assert_eq!(store.put_assets(&city, &author(1)).await.unwrap(), expected);
        let took = started.elapsed();
        assert!(took < Duration::from_secs(10), "took {took:?}"); // 1 s alone on the machine; ten times that when it is busy
    }
    assert_eq!(store.assets(&me).await.unwrap(), city);
}

#[tokio::test]
async fn every_change_is_written_down_with_its_author_and_outlives_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path()).await;
    let (me, ct) = (tenant("messina"), tenant("catania"));
    let lamp = asset(&me, "a");
    let renamed = Asset { name: "new".into(), ..lamp.clone() };
    let retired = Asset { lifecycle: Lifecycle::Retired, ..renamed.clone() };
    store.put_assets(&[lamp.clone(), asset(&me, "b"), asset(&ct, "a")], &author(1)).await.unwrap();
    store.put_assets(&[renamed.clone(), asset(&me, "b")], &author(2)).await.unwrap();
    store
        .put_assets(std::slice::from_ref(&retired), &Author { who: "berta", act: "set-life", ..author(3) })
        .await
        .unwrap();
    store.put_assets(std::slice::from_ref(&retired), &author(4)).await.unwrap();
    let store = reopen(store, folder.path()).await;
    let filter = |asset: Option<&str>, before, limit| AssetFactFilter {
        tenant: me.clone(),
        asset: asset.map(asset_id),
        before,
        limit,
    };
    let facts = store.asset_facts(&filter(Some("a"), None, 10)).await.unwrap();
    let told: Vec<_> = facts.iter().map(|fact| (fact.at, fact.who.as_str(), fact.act.as_str())).collect();
    let at = |seconds| author(seconds).at;
    assert_eq!(told, [(at(3), "berta", "set-life"), (at(2), "anna", "import"), (at(1), "anna", "import")]);
    let both: Vec<_> = facts.into_iter().map(|fact| (fact.before, fact.after)).collect();
    let expected = [(Some(renamed.clone()), retired), (Some(lamp.clone()), renamed), (None, lamp)];
    assert_eq!(both, expected);
    // Page by page nothing is told twice or left out.
    let (mut numbers, mut before) = (Vec::new(), None);
    while let [one] = &store.asset_facts(&filter(None, before, 1)).await.unwrap()[..] {
        before = Some(one.number);
        numbers.push(one.number);
    }
    assert!(numbers.len() == 4 && numbers.is_sorted_by(|a, b| a > b), "{numbers:?}");
    let stage =
        |asset: &str, seconds, before, after| StageFact { asset: asset_id(asset), at: at(seconds), before, after };
    let live = lamp_stage();
    let expected =
        [stage("a", 1, None, live), stage("b", 1, None, live), stage("a", 3, Some(live), Lifecycle::Retired)];
    assert_eq!(store.stage_facts(&me).await.unwrap(), expected);
}

fn lamp_stage() -> Lifecycle {
    asset(&tenant("messina"), "a").lifecycle
}
