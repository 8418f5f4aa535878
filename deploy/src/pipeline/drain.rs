//! The end of the pipeline: the stages empty themselves in their order, and one that is late is named.

use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout_at};

/// A running stage with its name.
pub(super) type Stage = (&'static str, JoinHandle<anyhow::Result<()>>);

/// How the stages ended.
#[derive(Debug, Default)]
pub(super) struct Drained {
    /// Those that had not ended in time.
    pub(super) late: Vec<&'static str>,
    /// Why the first of them failed, if one did.
    pub(super) failure: Option<anyhow::Error>,
}

/// Waits for every stage until `deadline`.
pub(super) async fn drain(stages: &mut [Stage], deadline: Instant) -> Drained {
    let mut drained = Drained::default();
    for (name, task) in stages {
        let failure = match timeout_at(deadline, task).await {
            Ok(Ok(Ok(()))) => None,
            Ok(Ok(Err(error))) => Some(error),
            Ok(Err(error)) => Some(anyhow::Error::new(error).context(format!("stage {name} broke"))),
            Err(_) => {
                drained.late.push(*name);
                None
            }
        };
        drained.failure = drained.failure.or(failure);
    }
    drained
}

/// Waits until any stage ends although nobody asked it to, and takes it out.
pub(super) async fn first_end(stages: &mut Vec<Stage>) -> anyhow::Error {
    let (outcome, at, _) = futures::future::select_all(stages.iter_mut().map(|(_, task)| task)).await;
    let (name, _) = stages.remove(at);
    match outcome {
        Ok(Ok(())) => anyhow::anyhow!("stage {name} ended by itself"),
        Ok(Err(error)) => error,
        Err(error) => anyhow::Error::new(error).context(format!("stage {name} broke")),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[tokio::test]
    async fn a_late_stage_is_named_and_the_others_are_waited_for() {
        let mut stages: Vec<Stage> = vec![
            ("ingest", tokio::spawn(async { Ok(()) })),
            ("keep", tokio::spawn(std::future::pending())),
            ("judge", tokio::spawn(async { Err(anyhow::anyhow!("no room")) })),
        ];
        let drained = drain(&mut stages, Instant::now() + Duration::from_millis(300)).await;
        assert_eq!(drained.late, ["keep"]);
        assert_eq!(drained.failure.unwrap().to_string(), "no room");
    }

    #[tokio::test]
    async fn a_stage_that_ends_by_itself_is_named() {
        let mut stages: Vec<Stage> =
            vec![("keep", tokio::spawn(std::future::pending())), ("judge", tokio::spawn(async { Ok(()) }))];
        assert_eq!(first_end(&mut stages).await.to_string(), "stage judge ended by itself");
        assert_eq!(stages.len(), 1);
    }
}
