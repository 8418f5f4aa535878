-- Refused messages are kept whole, so that they can be read again; the same message again is counted, not kept again.
--
-- `key` is the SHA-256 over everything that makes a letter the same as another. `size` is what the letter counts towards the room of its
-- tenant, and `dead_letter_room` is the sum of it. The payload stands last, so that whoever asks for the rest does not read it.

drop index dead_letter_by_reason;
drop index dead_letter_by_tenant;
alter table dead_letter rename to dead_letter_before;

create table dead_letter (
    id       integer not null primary key autoincrement,
    key      blob    not null unique,
    tenant   text    not null,
    source   text    not null,
    topic    text    not null,
    reason   text    not null,
    detail   text    not null,
    readings integer not null,
    retained integer not null, -- 1 when a broker had kept it
    bytes    integer not null, -- of the message; the payload has fewer when it was too large to be taken
    first    integer not null,
    last     integer not null,
    times    integer not null,
    size     integer not null,
    wanted   integer not null default 0, -- 1 while the running server is asked to read it again
    payload  blob    not null
) strict;

create index dead_letter_by_last on dead_letter (tenant, last, id);
create index dead_letter_by_reason on dead_letter (tenant, reason, last, id);
create index dead_letter_wanted on dead_letter (id) where wanted = 1;

-- When each of them came: a message without a time of its own means something else at each of these moments.
create table dead_letter_arrival (
    letter   integer not null references dead_letter (id) on delete cascade,
    received integer not null,
    primary key (letter, received)
) strict, without rowid;

create table dead_letter_room (
    tenant text    not null primary key,
    bytes  integer not null
) strict;

create trigger dead_letter_takes_room after insert on dead_letter
begin
    insert into dead_letter_room (tenant, bytes) values (new.tenant, new.size)
    on conflict (tenant) do update set bytes = bytes + excluded.bytes;
end;

create trigger dead_letter_changes_room after update of size on dead_letter
begin
    update dead_letter_room set bytes = bytes + new.size - old.size where tenant = new.tenant;
end;

create trigger dead_letter_gives_room after delete on dead_letter
begin
    update dead_letter_room set bytes = bytes - old.size where tenant = old.tenant;
end;

insert into dead_letter (id, key, tenant, source, topic, reason, detail, readings, retained, bytes, first, last, times, size, payload)
select position, randomblob(32), tenant, source, topic, reason, detail, readings, 0, bytes, received, received, 1, 280 + length(head), head
from dead_letter_before;

insert into dead_letter_arrival (letter, received) select position, received from dead_letter_before;

drop table dead_letter_before;
