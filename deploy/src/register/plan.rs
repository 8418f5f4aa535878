//! What a file would do to the register: which assets it adds, changes and retires. Nothing is done here.

use std::collections::{BTreeMap, HashSet};

use ingest::class::Classes;
use model::{Asset, AssetId, Lifecycle, TenantId};

use super::difference::{Change, What, differences};
use super::draft::Draft;
use super::mistake::{Mistake, Mistakes};

/// What is wished beside the file itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Wish {
    /// Whether assets that the file does not name are retired.
    pub(crate) retire_missing: bool,
    /// Whether every relation must lead to an asset that is known.
    pub(crate) whole: bool,
}

/// What would be done.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Plan {
    /// The assets as they would be: those that are added, changed or retired.
    pub(crate) put: Vec<Asset>,
    /// The same in words.
    pub(crate) changes: Vec<Change>,
    /// Assets of the file that are as it says already.
    pub(crate) unchanged: usize,
    /// Assets in service or on their way there that the file does not name and that stay.
    pub(crate) missing: usize,
}

impl Plan {
    /// How many of its changes are of this sort.
    pub(crate) fn count(&self, what: What) -> usize {
        self.changes.iter().filter(|change| change.what == what).count()
    }
}

/// What `drafts` would do to `known`, or everything that is wrong with them. `each` is told how far it has come.
pub(crate) fn plan(
    known: &[Asset],
    drafts: Vec<Draft>,
    tenant: &TenantId,
    classes: &Classes,
    wish: Wish,
    mut each: impl FnMut(),
) -> Result<Plan, Mistakes> {
    let by_id: BTreeMap<&AssetId, &Asset> = known.iter().map(|asset| (&asset.id, asset)).collect();
    let named: HashSet<AssetId> = drafts.iter().map(|draft| draft.id.clone()).collect();
    let (mut plan, mut mistakes) = (Plan::default(), Vec::new());
    for draft in drafts {
        each();
        let line = draft.line;
        let before = by_id.get(&draft.id).copied();
        let after = match draft.onto(before, tenant, classes) {
            Ok(after) => after,
            Err(what) => {
                mistakes.push(Mistake { line, what });
                continue;
            }
        };
        if wish.whole {
            let lost = after.relations.iter().find(|one| !named.contains(&one.to) && !by_id.contains_key(&one.to));
            if let Some(lost) = lost {
                let what = format!(
                    "{} is {} {}, which is no asset; add it to the file, or take the relation out",
                    after.id,
                    lost.kind.as_str(),
                    lost.to
                );
                mistakes.push(Mistake { line, what });
                continue;
            }
        }
        match before {
            Some(before) if *before == after => {
                plan.unchanged += 1;
                continue;
            }
            Some(before) => plan.note(What::Changed, before, &after),
            None => plan.changes.push(Change { id: after.id.to_string(), what: What::Added, fields: Vec::new() }),
        }
        plan.put.push(after);
    }
    for asset in known.iter().filter(|asset| asset.lifecycle != Lifecycle::Retired && !named.contains(&asset.id)) {
        if !wish.retire_missing {
            plan.missing += 1;
            continue;
        }
        let retired = Asset { lifecycle: Lifecycle::Retired, ..asset.clone() };
        plan.note(What::Retired, asset, &retired);
        plan.put.push(retired);
    }
    if mistakes.is_empty() { Ok(plan) } else { Err(Mistakes(mistakes)) }
}

impl Plan {
    fn note(&mut self, what: What, before: &Asset, after: &Asset) {
        self.changes.push(Change { id: after.id.to_string(), what, fields: differences(before, after) });
    }

    /// What it takes to bring assets into a stage of life.
    pub(crate) fn of_stage(assets: impl IntoIterator<Item = Asset>, stage: Lifecycle) -> Self {
        let mut plan = Self::default();
        for before in assets {
            if before.lifecycle == stage {
                plan.unchanged += 1;
                continue;
            }
            let after = Asset { lifecycle: stage, ..before.clone() };
            plan.note(What::Changed, &before, &after);
            plan.put.push(after);
        }
        plan
    }
}

#[cfg(test)]
mod tests {
    use model::{AssetClass, DeviceId, Domain, Geometry, MetricName, Position, Relation, RelationKind};
    use proptest::prelude::*;

    use super::super::Form;
    use super::super::draft::is_same_place;
    use super::*;

    fn tenant() -> TenantId {
        TenantId::new("city").unwrap()
    }

    fn classes() -> Classes {
        crate::pipeline::classes_in(std::path::Path::new("/nowhere")).unwrap().0
    }

    fn planned(known: &[Asset], form: Form, text: &str, wish: Wish) -> Result<Plan, Mistakes> {
        plan(known, form.read(text)?, &tenant(), &classes(), wish, || ())
    }

    fn put(form: Form, text: &str) -> Vec<Asset> {
        planned(&[], form, text, Wish::default()).unwrap().put
    }

    #[track_caller]
    fn wrong(form: Form, text: &str, line: u64, words: &str) {
        let mistakes = planned(&[], form, text, Wish { whole: true, ..Wish::default() }).unwrap_err();
        let found = mistakes.0.iter().any(|mistake| mistake.line == line && mistake.what.contains(words));
        assert!(found, "{mistakes} does not say {words:?} of line {line}");
    }

    #[test]
    fn a_row_is_an_asset_and_the_class_says_what_the_row_does_not() {
        let assets = put(Form::Csv, "id,class,longitude,latitude,devices,property.watts\nl1,lamp,15.5,38.1,a; b,75\n");
        let lamp = &assets[0];
        assert_eq!(
            (lamp.name.as_str(), lamp.domain.as_str(), lamp.lifecycle),
            ("l1", "streetlight", Lifecycle::InService)
        );
        assert_eq!(lamp.main_metric.as_ref().map(MetricName::as_str), Some("power"));
        assert_eq!(lamp.devices.len(), 2);
        assert_eq!(lamp.properties["watts"], "75");
    }

    #[test]
    fn what_a_table_does_not_speak_of_stays_and_an_empty_cell_takes_away() {
        let known =
            put(Form::Csv, "id,class,area,name,property.a,property.b\nl1,lamp,Centro,Uno,1,2\nl2,lamp,Sud,Due,,\n");
        let plan = planned(&known, Form::Csv, "id;area;property.a\nl1;;3\nl2;Sud;\n", Wish::default()).unwrap();
        assert_eq!((plan.put.len(), plan.unchanged), (1, 1));
        assert_eq!((plan.put[0].area.clone(), plan.put[0].name.as_str()), (None, "Uno"));
        let field = |name: &str, before: &str, after: &str| (name.to_owned(), before.to_owned(), after.to_owned());
        assert_eq!(plan.changes[0].fields, [field("area", "Centro", ""), field("property.a", "1", "3")]);
    }

    #[test]
    fn what_a_file_does_not_name_is_retired_only_when_that_is_wished() {
        let known = put(Form::Csv, "id,class\na,lamp\nb,lamp\n");
        let plan = planned(&known, Form::Csv, "id\na\n", Wish::default()).unwrap();
        assert_eq!((plan.missing, plan.put.len()), (1, 0));
        let plan = planned(&known, Form::Csv, "id\na\n", Wish { retire_missing: true, ..Wish::default() }).unwrap();
        assert_eq!((plan.missing, plan.count(What::Retired), plan.put[0].lifecycle), (0, 1, Lifecycle::Retired));
        assert_eq!(
            planned(&plan.put, Form::Csv, "id\n", Wish { retire_missing: true, ..Wish::default() }).unwrap().put,
            []
        );
    }

    #[test]
    fn mistakes_are_told_with_their_line_and_what_to_write_instead() {
        wrong(Form::Csv, "id,class,colour\n", 1, "property.KEY");
        wrong(Form::Csv, "name\nx\n", 1, "no column id");
        wrong(Form::Csv, "id,class\nx,lamp\ny\n", 3, "1 cells under 2 columns");
        wrong(Form::Csv, "id,class\nx,lamp\nx,lamp\n", 3, "line 2 already");
        wrong(Form::Csv, "id,class\n,lamp\n", 2, "id");
        wrong(Form::Csv, "id,name\nx,\"two\nlines\"\ny,z\n", 4, "no class");
        wrong(Form::Csv, "id,class\nx,unheard-of\n", 2, "class file");
        wrong(Form::Csv, "id;class;longitude;latitude\nx;lamp;15,5;38,1\n", 2, "15.5 with a point");
        wrong(Form::Csv, "id,class,longitude,latitude\nx,lamp,15.5,\n", 2, "together");
        wrong(Form::Csv, "id,class,longitude,latitude\nx,lamp,38.1,115.5\n", 2, "no place");
        wrong(Form::Csv, "id,class,geometry\nx,lamp,CIRCLE (1 2)\n", 2, "POINT");
        wrong(Form::Csv, "id,class,lifecycle\nx,lamp,alive\n", 2, "in-service");
        wrong(Form::Csv, "id,class,relations\nx,lamp,next-to:y\n", 2, "powered-by");
        wrong(Form::Csv, "id,class,relations\nx,lamp,powered-by:nobody\n", 2, "no asset");
        wrong(Form::Csv, "id,class,properties\nx,lamp,{\n", 2, "JSON object");
        wrong(Form::GeoJson, "{\"type\":\"FeatureCollection\",\n\"features\":[}", 2, "JSON");
        wrong(Form::GeoJson, "{\"type\":\"Feature\"}", 1, "FeatureCollection");
        let feature = |p: &str| format!("{{\"type\":\"Feature\",\"geometry\":null,\"properties\":{p}}}");
        let collection = |a: &str, b: &str| {
            format!("{{\"features\":[\n{},\n{}],\"type\":\"FeatureCollection\"}}", feature(a), feature(b))
        };
        let good = "{\"id\":\"a\",\"class\":\"lamp\",\"properties\":{\"features\":\"[{\"}}";
        wrong(Form::GeoJson, &collection(good, "{\"class\":\"lamp\"}"), 3, "missing field `id`");
        wrong(Form::GeoJson, &collection(good, "{\"id\":\"b\",\"class\":\"lamp\",\"colour\":1}"), 3, "colour");
        wrong(Form::GeoJson, &collection(good, good), 3, "line 2 already");
        let ring = "[[15,38],[16,38],[16,39],[15,38]]";
        let holed = format!("{{\"type\":\"Polygon\",\"coordinates\":[{ring},{ring}]}}");
        let holed = collection(good, "{\"id\":\"b\",\"class\":\"lamp\"}")
            .replace("null,\"properties\":{\"id\":\"b\"", &format!("{holed},\"properties\":{{\"id\":\"b\""));
        wrong(Form::GeoJson, &holed, 3, "holes");
    }

    #[test]
    fn a_changed_class_brings_its_trade_along() {
        let known = put(Form::Csv, "id,class,name\na,lamp,X\n");
        let plan = planned(&known, Form::Csv, "id,class\na,tank\n", Wish::default()).unwrap();
        assert_eq!((plan.put[0].domain.as_str(), plan.put[0].name.as_str()), ("water", "X"));
    }

    #[test]
    fn a_stage_of_life_is_given_to_those_who_are_not_in_it() {
        let known = put(Form::Csv, "id,class,lifecycle\na,lamp,quarantined\nb,lamp,in-service\n");
        let plan = Plan::of_stage(known, Lifecycle::InService);
        assert_eq!((plan.put.len(), plan.unchanged, plan.put[0].lifecycle), (1, 1, Lifecycle::InService));
    }

    fn text() -> impl Strategy<Value = String> {
        prop_oneof!["[ -~]{1,12}", "\\PC{1,8}", "['=+@;,\"\\[\\]{}-]{1,4}", "[a-z]{1,6}"]
    }

    fn position() -> impl Strategy<Value = Position> {
        (-180.0..180.0_f64, -90.0..90.0_f64).prop_map(|(lon, lat)| Position::new(lon, lat).unwrap())
    }

    fn geometry() -> impl Strategy<Value = Option<Geometry>> {
        prop_oneof![
            Just(None),
            position().prop_map(|at| Some(Geometry::Point(at))),
            prop::collection::vec(position(), 2..5).prop_map(|path| Some(Geometry::Line(path))),
            prop::collection::vec(position(), 3..6).prop_map(|ring| Some(Geometry::Polygon(ring))),
        ]
    }

    prop_compose! {
        fn asset()(
            id in text(), name in text(), geometry in geometry(), area in prop::option::of(text()),
            devices in prop::collection::vec(text(), 0..3), to in prop::collection::vec((0_usize..4, text()), 0..3),
            main in prop::option::of(text()), stage in 0_usize..6, properties in prop::collection::btree_map(text(), "\\PC{0,6}", 0..3),
        ) -> Asset {
            Asset {
                tenant: tenant(),
                id: AssetId::new(id).unwrap(),
                name,
                domain: Domain::new("streetlight").unwrap(),
                class: AssetClass::new("lamp").unwrap(),
                geometry,
                area,
                devices: devices.iter().map(|device| DeviceId::new(device).unwrap()).collect(),
                relations: to.iter().map(|(kind, to)| Relation { kind: RelationKind::ALL[*kind], to: AssetId::new(to).unwrap() }).collect(),
                main_metric: main.map(|main| MetricName::new(main).unwrap()),
                lifecycle: Lifecycle::ALL[stage],
                properties,
            }
        }
    }

    proptest! {
        #[test]
        fn what_is_exported_and_imported_changes_nothing(assets in prop::collection::btree_map("[a-z]{1,3}", asset(), 0..5)) {
            let mut seen = HashSet::new();
            let known: Vec<Asset> = assets.into_values().filter(|asset| seen.insert(asset.id.clone())).collect();
            for form in [Form::Csv, Form::GeoJson] {
                let text = form.write(&known);
                let plan = planned(&known, form, &text, Wish { retire_missing: true, whole: false })
                    .map_err(|mistakes| TestCaseError::fail(format!("{mistakes}\n{text}")))?;
                prop_assert_eq!(&plan.changes, &[], "{}", text);
                prop_assert_eq!(plan.unchanged, known.len());
                // And into an empty register it makes the same city.
                let anew = planned(&[], form, &text, Wish::default())
                    .map_err(|mistakes| TestCaseError::fail(format!("{mistakes}\n{text}")))?;
                prop_assert_eq!(anew.put.len(), known.len());
                for (made, given) in anew.put.iter().zip(&known) {
                    let same = match (&made.geometry, &given.geometry) {
                        (Some(made), Some(given)) => is_same_place(made, given),
                        (made, given) => made == given,
                    };
                    prop_assert!(same, "{made:?} {given:?}");
                    prop_assert_eq!(made, &Asset { geometry: made.geometry.clone(), ..given.clone() });
                }
            }
        }

        #[test]
        fn no_text_makes_reading_panic(text in "\\PC{0,200}", cells in "(id|class|geometry|devices|,|;|\n|\"|POINT|\\(|\\)|[0-9.]){0,40}") {
            for text in [text, cells] {
                drop(Form::Csv.read(&text));
                drop(Form::GeoJson.read(&text));
            }
        }
    }
}
