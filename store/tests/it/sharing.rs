//! One folder, one owner, any number of readers.

use store::Error;

use crate::kit::config;
use crate::telegraph::{append, everything, messina, open, reading};

#[tokio::test]
async fn a_folder_that_is_open_cannot_be_opened_again() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path()).await;
    assert!(matches!(store::open(config(folder.path())).await, Err(Error::InUse(_))));
    drop(store);
    open(folder.path()).await;
}

#[tokio::test]
async fn a_reader_sees_what_is_kept_and_touches_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path()).await;
    append(&*store, &[reading("lamp", 0, 1.0)]).await;
    store.flush().await.unwrap();
    append(&*store, &[reading("lamp", 1, 2.0)]).await;
    let reader = store::open_read_only(config(folder.path())).await.unwrap();
    assert_eq!(everything(&*reader).await.len(), 2);
    assert_eq!(reader.newest(&messina()), [reading("lamp", 1, 2.0)]);
    let batch = model::ReadingBatch::new(vec![reading("lamp", 2, 3.0)]).unwrap();
    assert!(matches!(reader.append(batch).await, Err(Error::ReadOnly)));
    assert_eq!(append(&*store, &[reading("lamp", 2, 3.0)]).await.kept.len(), 1);
}

#[tokio::test]
async fn a_reader_of_a_folder_without_a_store_says_so() {
    let folder = tempfile::tempdir().unwrap();
    assert!(matches!(store::open_read_only(config(folder.path())).await, Err(Error::Unreachable { .. })));
}
