-- What stands in the city, what happened to its alarms, who may sign in, and what was refused.
--
-- Times are nanoseconds since 1970 in UTC. An alarm's id is the 16 bytes of its UUID, most significant first.
-- `format` is the version of the JSON text beside it (src/registry/shape). Every key begins with the tenant, save where people
-- are found before their tenant is known: by user name, by session, by code.

create table tenant (
    id   text not null primary key,
    name text not null
) strict;

create table asset (
    tenant text    not null,
    id     text    not null,
    format integer not null,
    body   text    not null,
    primary key (tenant, id)
) strict;

-- The alarm as it is now: the sum of its facts, written in the same transaction as they.
create table alarm (
    tenant   text    not null,
    id       blob    not null,
    seq      integer not null, -- of its last fact
    state    text    not null,
    priority integer not null, -- 1 is the most urgent
    domain   text    not null,
    source   text    not null,
    raised   integer not null,
    format   integer not null,
    body     text    not null,
    primary key (tenant, id)
) strict;

create index alarm_by_urgency on alarm (tenant, priority, raised desc, id);
create index alarm_open_by_urgency on alarm (tenant, priority, raised desc, id) where state <> 'normal';
create index alarm_by_source on alarm (tenant, source, id);

-- The assets inside a group alarm, first-out first.
create table alarm_member (
    tenant   text    not null,
    alarm    blob    not null,
    position integer not null, -- from 0
    asset    text    not null,
    since    integer not null,
    left_at  integer,          -- null while abnormal
    format   integer not null,
    evidence text    not null,
    primary key (tenant, alarm, position),
    foreign key (tenant, alarm) references alarm (tenant, id)
) strict;

create index alarm_member_by_asset on alarm_member (tenant, asset, alarm);

-- What happened, by whom and why: appended, never changed.
create table alarm_fact (
    position integer not null primary key autoincrement, -- the order of recording over all alarms
    tenant   text    not null,
    alarm    blob    not null,
    seq      integer not null,
    time     integer not null,
    actor    text    not null, -- 'engine' or 'person:' and the user name
    kind     text    not null,
    format   integer not null,
    body     text    not null,
    unique (tenant, alarm, seq),
    foreign key (tenant, alarm) references alarm (tenant, id)
) strict;

create trigger alarm_fact_is_never_changed before update on alarm_fact
begin
    select raise(abort, 'facts are appended, never changed');
end;

create trigger alarm_fact_is_never_deleted before delete on alarm_fact
begin
    select raise(abort, 'facts are appended, never deleted');
end;

create table account (
    user_name     text not null primary key, -- unique over all tenants
    tenant        text not null,
    name          text not null,
    role          text not null,
    password_hash text -- null when only a one-time link opens it
) strict;

create index account_by_tenant on account (tenant, user_name);

create table session (
    token     blob    not null primary key, -- SHA-256, never the token
    user_name text    not null references account (user_name),
    expires   integer not null
) strict;

create index session_by_end on session (expires);

create table sign_in_code (
    code      blob    not null primary key, -- SHA-256, never the code
    user_name text    not null references account (user_name),
    expires   integer not null
) strict;

create index sign_in_code_by_end on sign_in_code (expires);

create table dead_letter (
    position integer not null primary key autoincrement,
    tenant   text    not null,
    source   text    not null,
    topic    text    not null,
    received integer not null,
    reason   text    not null,
    detail   text    not null,
    readings integer not null,
    head     blob    not null,
    bytes    integer not null
) strict;

create index dead_letter_by_reason on dead_letter (tenant, reason, position);
create index dead_letter_by_tenant on dead_letter (tenant, position);
