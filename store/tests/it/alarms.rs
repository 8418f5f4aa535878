//! What is kept of alarms: facts that follow one another, and the alarms they make.

use std::sync::Arc;
use std::time::{Duration, Instant};

use model::alarm::{Actor, Alarm, Change, Fact, Member, Priority, State};
use model::{Domain, TenantId, Value};
use proptest::prelude::*;
use store::{AlarmFilter, Error, Store};
use tokio::task::JoinSet;

use crate::town::{asset_id, at, everything, evidence, member, next, open, person, raised, reopen, tenant};

fn fold(facts: &[Fact]) -> Alarm {
    let mut alarm = Alarm::begin(&facts[0]).unwrap();
    for fact in &facts[1..] {
        alarm.apply(fact).unwrap();
    }
    alarm
}

fn acknowledged(before: &Fact, user: &str) -> Fact {
    next(before, person(user), Change::Acknowledged { note: Some(format!("ci penso io, {user}")) })
}

fn returned(before: &Fact) -> Fact {
    next(before, Actor::Engine, Change::Returned { evidence: None })
}

#[tokio::test]
async fn an_alarm_and_its_facts_come_back_after_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path()).await;
    let me = tenant("messina");
    let first = raised(&me, "circuit-1", Priority::High, at(0), vec![member("lamp-1", at(0)), member("lamp-2", at(1))]);
    let joined = next(&first, Actor::Engine, Change::Joined(vec![member("lamp-3", at(2)), member("lamp-1", at(2))]));
    let left = next(&joined, Actor::Engine, Change::Left(vec![asset_id("lamp-2")]));
    let answered = acknowledged(&left, "anna");
    let facts = [first, joined, left, answered];
    assert_eq!(store.record(&facts[..2]).await.unwrap(), [fold(&facts[..2])]);
    assert_eq!(store.record(&facts[2..]).await.unwrap(), [fold(&facts)]);
    let store = reopen(store, folder.path()).await;
    assert_eq!(store.open_alarms().await.unwrap(), [fold(&facts)]);
    let (alarm, kept) = store.alarm(&me, facts[0].alarm).await.unwrap().unwrap();
    assert_eq!((alarm, kept.as_slice()), (fold(&facts), facts.as_slice()));
    let closing = returned(&facts[3]);
    assert_eq!(store.record(&[closing]).await.unwrap()[0].state, State::Normal);
    assert_eq!(store.open_alarms().await.unwrap(), []);
}

#[tokio::test]
async fn facts_that_were_kept_before_change_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path()).await;
    let me = tenant("messina");
    let first = raised(&me, "circuit-1", Priority::High, at(0), Vec::new());
    let second = acknowledged(&first, "anna");
    let both = [first.clone(), second.clone()];
    let alarm = fold(&both);
    assert_eq!(
        store.record(&[first.clone(), first.clone(), second.clone(), first.clone()]).await.unwrap(),
        std::slice::from_ref(&alarm)
    );
    assert_eq!(store.record(&both).await.unwrap(), [alarm]);
    let third = returned(&second);
    assert_eq!(store.record(&[first.clone(), third.clone()]).await.unwrap(), [fold(&[first.clone(), second, third])]);
    assert_eq!(store.alarm(&me, first.alarm).await.unwrap().unwrap().1.len(), 3);
    assert_eq!(store.record(&[]).await.unwrap(), []);
}

#[tokio::test]
async fn when_one_fact_cannot_follow_none_is_kept() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path()).await;
    let me = tenant("messina");
    let known = raised(&me, "circuit-1", Priority::High, at(0), Vec::new());
    store.record(std::slice::from_ref(&known)).await.unwrap();
    let good = raised(&me, "circuit-2", Priority::High, at(0), Vec::new());
    let bad = [
        ("another fact of the same number", Fact { time: at(5), ..known.clone() }),
        ("the same number by somebody else", Fact { actor: person("anna"), ..known.clone() }),
        ("a gap", Fact { seq: 3, ..acknowledged(&known, "anna") }),
        ("number zero", Fact { seq: 0, ..known.clone() }),
        ("raised twice", Fact { seq: 2, ..known.clone() }),
        (
            "what this state does not allow",
            next(&known, Actor::Engine, Change::Reoccurred { evidence: evidence(Value::Gap, at(1)) }),
        ),
        ("no beginning", acknowledged(&raised(&me, "circuit-3", Priority::Low, at(0), Vec::new()), "anna")),
        (
            "a beginning that is not the first",
            Fact { seq: 7, ..raised(&me, "circuit-4", Priority::Low, at(0), Vec::new()) },
        ),
    ];
    for (what, fact) in bad {
        let outcome = store.record(&[good.clone(), fact.clone()]).await;
        assert!(matches!(&outcome, Err(Error::Conflict(id)) if *id == fact.alarm), "{what}: {outcome:?}");
        assert_eq!(store.alarm(&me, good.alarm).await.unwrap(), None, "{what}: the other fact was kept");
    }
    let twice = [good.clone(), acknowledged(&good, "anna"), acknowledged(&good, "rosa")];
    assert!(matches!(store.record(&twice).await, Err(Error::Conflict(_))));
    assert_eq!(store.open_alarms().await.unwrap(), [fold(&[known])]);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_operators_who_acknowledge_at_once_one_wins_and_the_journal_says_who() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path()).await;
    let me = tenant("messina");
    let first = raised(&me, "circuit-1", Priority::High, at(0), Vec::new());
    store.record(std::slice::from_ref(&first)).await.unwrap();
    let mut operators = JoinSet::new();
    for n in 0..16 {
        let (store, fact) = (Arc::clone(&store), acknowledged(&first, &format!("operator-{n}")));
        operators.spawn(async move {
            match store.record(std::slice::from_ref(&fact)).await {
                Ok(_) => Some(fact),
                Err(Error::Conflict(_)) => None,
                Err(other) => panic!("{other:?}"),
            }
        });
    }
    let winners: Vec<Fact> = operators.join_all().await.into_iter().flatten().collect();
    assert_eq!(winners.len(), 1);
    let (alarm, facts) = store.alarm(&me, first.alarm).await.unwrap().unwrap();
    assert_eq!(facts, [first, winners[0].clone()]);
    let Actor::Person(winner) = &winners[0].actor else { panic!("a person acknowledged") };
    assert_eq!(alarm.acknowledged_by.as_ref(), Some(winner));
}

#[tokio::test]
async fn a_tenant_neither_sees_nor_changes_the_alarms_of_another() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path()).await;
    let (me, ct) = (tenant("messina"), tenant("catania"));
    let mine = raised(&me, "circuit-1", Priority::High, at(0), vec![member("lamp-1", at(0))]);
    let theirs = Fact { tenant: ct.clone(), ..raised(&me, "circuit-1", Priority::Low, at(0), Vec::new()) };
    assert_eq!(mine.alarm, theirs.alarm);
    store.record(std::slice::from_ref(&mine)).await.unwrap();
    assert_eq!(store.alarm(&ct, mine.alarm).await.unwrap(), None);
    assert_eq!(store.alarms(&everything(&ct)).await.unwrap().alarms, []);
    let stolen = Fact { tenant: ct.clone(), ..acknowledged(&mine, "anna") };
    assert!(matches!(store.record(&[stolen]).await, Err(Error::Conflict(_))));
    store.record(std::slice::from_ref(&theirs)).await.unwrap();
    assert_eq!(store.alarms(&everything(&ct)).await.unwrap().alarms, [fold(&[theirs])]);
    assert_eq!(store.alarms(&everything(&me)).await.unwrap().alarms, [fold(&[mine])]);
    let by_member = AlarmFilter { asset: Some(asset_id("lamp-1")), ..everything(&ct) };
    assert_eq!(store.alarms(&by_member).await.unwrap().alarms, []);
}

/// Sources of the alarms on all pages, walked with this limit.
async fn walk(store: &Arc<dyn Store>, filter: &AlarmFilter, limit: usize) -> Vec<String> {
    let (mut seen, mut filter) = (Vec::new(), AlarmFilter { limit, ..filter.clone() });
    loop {
        let page = store.alarms(&filter).await.unwrap();
        assert!(page.alarms.len() <= limit);
        seen.extend(page.alarms.iter().map(|alarm| alarm.source.to_string()));
        filter.after = page.next;
        if filter.after.is_none() {
            return seen;
        }
    }
}

/// Five alarms; `closed` is over, `answered` is acknowledged, `gone` has returned.
async fn five_alarms(store: &Arc<dyn Store>, me: &TenantId) {
    let low = raised(me, "low", Priority::Low, at(50), vec![member("lamp-1", at(50))]);
    let old = raised(me, "answered", Priority::High, at(10), Vec::new());
    let new = raised(me, "gone", Priority::High, at(20), Vec::new());
    let closed = raised(me, "closed", Priority::Medium, at(30), vec![member("lamp-2", at(30))]);
    let mut critical = raised(me, "lamp-1", Priority::Critical, at(0), Vec::new());
    if let Change::Raised { domain, .. } = &mut critical.change {
        *domain = Domain::new("water").unwrap();
    }
    let answer = acknowledged(&closed, "anna");
    let close = returned(&answer);
    let facts = [low, acknowledged(&old, "anna"), returned(&new), closed, answer, close, critical];
    store.record(&[old, new]).await.unwrap();
    store.record(&facts).await.unwrap();
}

#[tokio::test]
async fn the_list_is_most_urgent_first_then_newest_first_on_pages_of_any_size() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path()).await;
    let me = tenant("messina");
    five_alarms(&store, &me).await;
    for limit in 1..=6 {
        let order = walk(&store, &everything(&me), limit).await;
        assert_eq!(order, ["lamp-1", "gone", "answered", "closed", "low"], "pages of {limit}");
    }
    let nothing = store.alarms(&AlarmFilter { limit: 0, ..everything(&me) }).await.unwrap();
    assert_eq!((nothing.alarms.len(), nothing.next), (0, None));
}

#[tokio::test]
async fn alarms_of_one_moment_are_all_listed_once() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path()).await;
    let me = tenant("messina");
    let flood: Vec<Fact> =
        (0..23).map(|n| raised(&me, &format!("lamp-{n:02}"), Priority::High, at(0), Vec::new())).collect();
    store.record(&flood).await.unwrap();
    let mut seen = walk(&store, &everything(&me), 5).await;
    seen.sort();
    assert_eq!(seen, (0..23).map(|n| format!("lamp-{n:02}")).collect::<Vec<_>>());
}

#[tokio::test]
async fn the_list_can_be_narrowed() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path()).await;
    let me = tenant("messina");
    five_alarms(&store, &me).await;
    let all = everything(&me);
    let states = |states: &[State]| AlarmFilter { states: states.to_vec(), ..all.clone() };
    let asset = |id: &str| AlarmFilter { asset: Some(asset_id(id)), ..all.clone() };
    let cases: [(AlarmFilter, &[&str]); 9] = [
        (states(&[State::ActiveUnacknowledged]), &["lamp-1", "low"]),
        (states(&[State::ReturnedUnacknowledged, State::ActiveAcknowledged]), &["gone", "answered"]),
        (states(&[State::Normal]), &["closed"]),
        (states(&State::ALL), &["lamp-1", "gone", "answered", "closed", "low"]),
        (AlarmFilter { priority: Some(Priority::High), ..all.clone() }, &["gone", "answered"]),
        (AlarmFilter { domain: Domain::new("water").ok(), ..all.clone() }, &["lamp-1"]),
        (asset("lamp-1"), &["lamp-1", "low"]),
        (asset("lamp-2"), &["closed"]),
        (AlarmFilter { states: vec![State::Normal], ..asset("lamp-1") }, &[]),
    ];
    for (filter, expected) in cases {
        for limit in [1, 100] {
            assert_eq!(walk(&store, &filter, limit).await, expected, "{filter:?}");
        }
    }
}

#[tokio::test]
async fn a_page_mark_that_no_page_gave_out_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path()).await;
    let filter = AlarmFilter { after: Some("' or 1 = 1 --".to_owned()), ..everything(&tenant("messina")) };
    assert!(matches!(store.alarms(&filter).await, Err(Error::QueryRefused(_))));
}

#[tokio::test]
async fn ten_thousand_devices_that_fail_at_once_are_kept_in_seconds() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path()).await;
    let me = tenant("messina");
    let flood: Vec<Fact> =
        (0..10_000).map(|n| raised(&me, &format!("lamp-{n}"), Priority::High, at(n), Vec::new())).collect();
    for _ in 0..2 {
        let started = Instant::now();
        assert_eq!(store.record(&flood).await.unwrap().len(), flood.len());
        let took = started.elapsed();
        assert!(took < Duration::from_secs(20), "took {took:?}"); // 2 s alone on the machine; ten times that when it is busy
    }
    let store = reopen(store, folder.path()).await;
    assert_eq!(store.open_alarms().await.unwrap().len(), flood.len());
}

#[tokio::test]
async fn a_call_that_is_given_up_halfway_keeps_all_or_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path()).await;
    let me = tenant("messina");
    let facts: Vec<Fact> =
        (0..1_000).map(|n| raised(&me, &format!("lamp-{n}"), Priority::High, at(0), Vec::new())).collect();
    for polls in [1, 2, 5, 20, 100, 1_000, 5_000] {
        let mut call = store.record(&facts);
        for _ in 0..polls {
            if futures::poll!(&mut call).is_ready() {
                break;
            }
            tokio::task::yield_now().await;
        }
        drop(call);
        let kept = store.open_alarms().await.unwrap().len();
        assert!(kept == 0 || kept == facts.len(), "{kept} of {} alarms after {polls} polls", facts.len());
    }
    assert_eq!(store.record(&facts).await.unwrap().len(), facts.len());
    assert_eq!(store.open_alarms().await.unwrap().len(), facts.len());
}

/// A value of any kind.
fn values() -> impl Strategy<Value = Value> {
    prop_oneof![
        any::<f64>().prop_filter("numbers are finite", |number| number.is_finite()).prop_map(Value::Number),
        any::<i64>().prop_map(Value::Integer),
        any::<bool>().prop_map(Value::Flag),
        any::<String>().prop_map(|text| Value::Text(Arc::from(text))),
        Just(Value::Gap),
    ]
}

/// Anything that can happen to an alarm; whether it may happen now is for the alarm to say.
fn changes() -> impl Strategy<Value = (Actor, Change)> {
    let inside = || proptest::collection::vec((0..6_u8, values()), 0..4);
    let members = |inside: Vec<(u8, Value)>| {
        let one = |(n, value)| Member { evidence: evidence(value, at(1)), ..member(&format!("lamp-{n}"), at(2)) };
        inside.into_iter().map(one).collect::<Vec<_>>()
    };
    let shown = || proptest::option::of(values()).prop_map(|value| value.map(|value| evidence(value, at(3))));
    prop_oneof![
        inside().prop_map(move |inside| (Actor::Engine, Change::Joined(members(inside)))),
        proptest::collection::vec(0..6_u8, 0..4).prop_map(|inside| {
            (Actor::Engine, Change::Left(inside.into_iter().map(|n| asset_id(&format!("lamp-{n}"))).collect()))
        }),
        shown().prop_map(|evidence| (Actor::Engine, Change::Returned { evidence })),
        values().prop_map(|value| (Actor::Engine, Change::Reoccurred { evidence: evidence(value, at(4)) })),
        proptest::option::of(any::<String>()).prop_map(|note| (person("anna"), Change::Acknowledged { note })),
    ]
}

/// The facts of one life: of what could happen, what may.
fn life(source: u8, what: Vec<(Actor, Change)>) -> Vec<Fact> {
    let members =
        if source.is_multiple_of(2) { vec![member("lamp-0", at(0)), member("lamp-0", at(1))] } else { Vec::new() };
    let mut facts = vec![raised(&tenant("messina"), &format!("circuit-{source}"), Priority::High, at(0), members)];
    let mut alarm = fold(&facts);
    for (actor, change) in what {
        let fact = next(&facts[facts.len() - 1], actor, change);
        if alarm.apply(&fact).is_ok() {
            facts.push(fact);
        }
    }
    facts
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn what_is_read_back_is_the_sum_of_what_was_recorded(
        lives in proptest::collection::vec(proptest::collection::vec(changes(), 0..24), 1..4),
        at_once in 1..12_usize,
    ) {
        let lives: Vec<Vec<Fact>> = lives.into_iter().zip(0..).map(|(what, source)| life(source, what)).collect();
        // Facts of different alarms mixed, those of one alarm in order.
        let longest = lives.iter().map(Vec::len).max().unwrap_or(0);
        let mixed: Vec<Fact> = (0..longest).flat_map(|n| lives.iter().filter_map(move |life| life.get(n).cloned())).collect();
        tokio::runtime::Runtime::new().unwrap().block_on(async {
            let folder = tempfile::tempdir().unwrap();
            let store = open(folder.path()).await;
            for some in mixed.chunks(at_once) {
                store.record(some).await.unwrap();
            }
            let store = reopen(store, folder.path()).await;
            for facts in &lives {
                let (alarm, kept) = store.alarm(&tenant("messina"), facts[0].alarm).await.unwrap().unwrap();
                prop_assert_eq!(&alarm, &fold(facts));
                prop_assert_eq!(&kept, facts);
                prop_assert_eq!(store.record(facts).await.unwrap(), [alarm]);
            }
            Ok(())
        })?;
    }
}
