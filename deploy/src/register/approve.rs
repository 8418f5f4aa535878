//! Which assets an approval means.

use std::collections::HashSet;

use control_room_api::{Approval, NotRegistered};
use model::{Asset, AssetId, Lifecycle};

use super::plan::Plan;

/// What it takes to approve these: they come into service. Ids that nobody has are an error, so that no slip of the pen goes unnoticed; assets that are
/// not quarantined stay as they are.
pub(crate) fn approved(known: Vec<Asset>, which: &Approval) -> Result<Plan, NotRegistered> {
    if let Approval::Ids(ids) = which {
        let here: HashSet<&AssetId> = known.iter().map(|asset| &asset.id).collect();
        if let Some(unknown) = ids.iter().find(|id| !here.contains(id)) {
            return Err(NotRegistered::Unknown(unknown.clone()));
        }
    }
    let meant = |asset: &Asset| match which {
        Approval::Ids(ids) => ids.contains(&asset.id),
        Approval::Class(class) => asset.class == *class,
        Approval::All => true,
    };
    let waiting = |asset: &Asset| asset.lifecycle == Lifecycle::Quarantined && meant(asset);
    Ok(Plan::of_stage(known.into_iter().filter(waiting), Lifecycle::InService))
}
