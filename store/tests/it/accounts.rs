//! Who may sign in, and who is signed in.

use std::sync::Arc;

use model::{Account, UserName};
use store::{Error, Session, SignInCode, TokenHash};
use tokio::task::JoinSet;

use crate::town::{account, at, open, reopen, tenant};

fn user(name: &str) -> UserName {
    UserName::new(name).unwrap()
}

fn session(token: u8, name: &str, until: i64) -> Session {
    Session { token: TokenHash([token; 32]), user: user(name), expires: at(until) }
}

fn code(code: u8, name: &str, until: i64) -> SignInCode {
    SignInCode { code: TokenHash([code; 32]), user: user(name), expires: at(until) }
}

#[tokio::test]
async fn an_account_survives_a_restart_and_its_password_can_change() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path()).await;
    let giulia = account(&tenant("messina"), "giulia");
    store.add_account(&giulia).await.unwrap();
    assert!(store.set_password(&giulia.user, "$argon2id$x").await.unwrap());
    assert!(!store.set_password(&user("nobody"), "$argon2id$x").await.unwrap());
    let store = reopen(store, folder.path()).await;
    let expected = Account { password_hash: Some("$argon2id$x".to_owned()), ..giulia };
    assert_eq!(store.account(&expected.user).await.unwrap(), Some(expected));
    assert_eq!(store.account(&user("nobody")).await.unwrap(), None);
}

#[tokio::test]
async fn a_user_name_is_unique_over_all_tenants() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path()).await;
    let giulia = account(&tenant("messina"), "giulia");
    store.add_account(&giulia).await.unwrap();
    for other in ["messina", "catania"] {
        let refused = store.add_account(&account(&tenant(other), "giulia")).await;
        assert!(matches!(&refused, Err(Error::UserExists(name)) if *name == giulia.user), "{refused:?}");
    }
    assert_eq!(store.account(&giulia.user).await.unwrap(), Some(giulia));
}

#[tokio::test]
async fn a_tenant_lists_only_its_own_people_by_name() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path()).await;
    let (me, ct) = (tenant("messina"), tenant("catania"));
    for (tenant, name) in [(&me, "rosa"), (&ct, "piero"), (&me, "anna")] {
        store.add_account(&account(tenant, name)).await.unwrap();
    }
    assert_eq!(store.accounts(&me).await.unwrap(), [account(&me, "anna"), account(&me, "rosa")]);
    assert_eq!(store.accounts(&ct).await.unwrap(), [account(&ct, "piero")]);
}

#[tokio::test]
async fn a_session_lasts_until_its_end_or_until_it_is_ended() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path()).await;
    let anna = account(&tenant("messina"), "anna");
    store.add_account(&anna).await.unwrap();
    let (short, long) = (session(1, "anna", 10), session(2, "anna", 1_000));
    store.open_session(&short).await.unwrap();
    store.open_session(&long).await.unwrap();
    let store = reopen(store, folder.path()).await;
    assert_eq!(store.session(&short.token, at(9)).await.unwrap(), Some((short.clone(), anna.clone())));
    assert_eq!(store.session(&short.token, at(10)).await.unwrap(), None);
    assert_eq!(store.session(&TokenHash([9; 32]), at(0)).await.unwrap(), None);
    assert_eq!(store.session(&long.token, at(10)).await.unwrap(), Some((long.clone(), anna)));
    assert!(store.end_session(&long.token).await.unwrap());
    assert!(!store.end_session(&long.token).await.unwrap());
    assert_eq!(store.session(&long.token, at(10)).await.unwrap(), None);
}

#[tokio::test]
async fn a_session_of_nobody_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path()).await;
    assert!(store.open_session(&session(1, "nobody", 10)).await.is_err());
    store.add_account(&account(&tenant("messina"), "nobody")).await.unwrap();
    assert_eq!(store.session(&TokenHash([1; 32]), at(0)).await.unwrap(), None);
}

#[tokio::test]
async fn what_expired_long_ago_is_removed_when_somebody_signs_in() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path()).await;
    store.add_account(&account(&tenant("messina"), "anna")).await.unwrap();
    store.open_session(&session(1, "anna", 10)).await.unwrap();
    store.open_session(&session(2, "anna", 200_000)).await.unwrap();
    assert_eq!(store.session(&TokenHash([1; 32]), at(100_000)).await.unwrap(), None);
    store.open_session(&session(3, "anna", 200_000)).await.unwrap();
    assert!(!store.end_session(&TokenHash([1; 32])).await.unwrap(), "an expired session was still kept");
    assert!(store.end_session(&TokenHash([2; 32])).await.unwrap());
}

#[tokio::test]
async fn a_code_works_once_and_in_time() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path()).await;
    let anna = account(&tenant("messina"), "anna");
    store.add_account(&anna).await.unwrap();
    store.put_code(&code(1, "anna", 10)).await.unwrap();
    store.put_code(&code(2, "anna", 10)).await.unwrap();
    let store = reopen(store, folder.path()).await;
    assert_eq!(store.take_code(&TokenHash([1; 32]), at(10)).await.unwrap(), None);
    assert_eq!(store.take_code(&TokenHash([2; 32]), at(9)).await.unwrap(), Some(anna));
    let store = reopen(store, folder.path()).await;
    assert_eq!(store.take_code(&TokenHash([2; 32]), at(9)).await.unwrap(), None);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_who_use_the_same_code_at_once_one_wins() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path()).await;
    store.add_account(&account(&tenant("messina"), "anna")).await.unwrap();
    store.put_code(&code(1, "anna", 10)).await.unwrap();
    let mut takers = JoinSet::new();
    for _ in 0..16 {
        let store = Arc::clone(&store);
        takers.spawn(async move { store.take_code(&TokenHash([1; 32]), at(0)).await.unwrap() });
    }
    assert_eq!(takers.join_all().await.into_iter().flatten().count(), 1);
}

#[tokio::test]
async fn all_sessions_of_one_user_end_at_once_and_nobody_elses() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path()).await;
    for name in ["pump", "gate"] {
        store.add_account(&account(&tenant("messina"), name)).await.unwrap();
    }
    for (token, name) in [(1, "pump"), (2, "pump"), (3, "gate")] {
        store.open_session(&session(token, name, 100)).await.unwrap();
    }
    assert_eq!(store.end_sessions(&user("pump")).await.unwrap(), 2);
    assert_eq!(store.end_sessions(&user("pump")).await.unwrap(), 0);
    let store = reopen(store, folder.path()).await;
    for (token, stands) in [(1, false), (2, false), (3, true)] {
        let found = store.session(&TokenHash([token; 32]), at(1)).await.unwrap();
        assert_eq!(found.is_some(), stands, "token {token}");
    }
}
