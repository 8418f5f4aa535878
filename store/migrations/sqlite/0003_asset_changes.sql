-- Every change of the register of assets: who, when, by which act, what it was and what it is. Rows are added and never changed.
--
-- `body_before`, `format_before` and `stage_before` are null for an asset that was not known.

create table asset_change (
    id            integer not null primary key autoincrement,
    tenant        text    not null,
    asset         text    not null,
    at            integer not null,
    who           text    not null,
    act           text    not null,
    stage_before  text,
    stage         text    not null,
    format_before integer,
    body_before   text,
    format        integer not null,
    body          text    not null
) strict;

create index asset_change_by_tenant on asset_change (tenant, id);
create index asset_change_by_asset on asset_change (tenant, asset, id);
create index asset_change_of_stage on asset_change (tenant, id) where stage_before is null or stage_before <> stage;
