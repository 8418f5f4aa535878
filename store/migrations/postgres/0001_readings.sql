-- Readings of all tenants, narrow: names stand once in a dictionary. Times are to the microsecond, as PostgreSQL has them; what a nanosecond
-- adds stands beside them. Texts in which PostgreSQL could not keep a character are written as src/timescale/text.rs tells.
--
-- Everything stands in the schema `specola`, which is in the search path of every connection.

create table city (
    number smallint not null generated always as identity primary key,
    tenant text     not null unique
);

create table series (
    number integer  not null generated always as identity primary key,
    city   smallint not null references city,
    device text     not null,
    metric text     not null,
    unique (city, device, metric)
);

-- How far a reading can be trusted, in words. The program writes them at every start, new ones too.
create table quality (
    number smallint not null primary key,
    word   text     not null unique
);

-- The city that a transaction speaks for; none, and nothing is to be seen.
create function current_city() returns smallint language sql stable parallel safe as
    $$ select nullif(current_setting('specola.city', true), '')::smallint $$;

-- The highest part that anything here came from: a new folder numbers its parts behind it.
create table progress (
    one  boolean not null primary key default true check (one), -- row
    part bigint  not null
);
insert into progress (part) values (0);

create table reading_shape (
    time           timestamptz      not null,
    received       timestamptz      not null,
    value          double precision,          -- whole numbers beyond 2^53 rounded, flags 1 and 0, none for texts and gaps
    part           bigint           not null, -- of the folder it came from: while that part is there, it counts and this row does not
    series         integer          not null,
    city           smallint         not null,
    nanos          smallint         not null, -- beyond the microsecond of `time`
    received_nanos smallint         not null,
    quality        smallint         not null, -- its number in `quality`
    integer        bigint,                    -- the exact whole number
    flag           boolean,
    text           text,
    unit           text
);

-- Who asks for a city has this role, which owns nothing and passes no wall.
do $$
begin
    if not exists (select from pg_roles where rolname = 'specola_reader') then
        create role specola_reader nologin;
    end if;
exception
    when duplicate_object or unique_violation then null; -- another database of this server was faster
end
$$;

do $$
begin
    if not pg_has_role(current_user, 'specola_reader', 'member') then
        execute format('grant specola_reader to %I', current_user);
    end if;
    execute format('grant usage on schema %I to specola_reader', current_schema());
end
$$;

-- With TimescaleDB a hypertable in columns; without it one partition for each day, which src/timescale/days.rs makes when it is needed.
-- TimescaleDB keeps no columns under a policy for rows, so there the wall is a view that only shows the city of the transaction.
do $$
begin
    if exists (select from pg_extension where extname = 'timescaledb') then
        create table reading (like reading_shape including all, primary key (series, time, nanos));
        perform create_hypertable('reading', 'time', chunk_time_interval => interval '1 day', create_default_indexes => false);
        alter table reading set (timescaledb.compress, timescaledb.compress_segmentby = 'series', timescaledb.compress_orderby = 'time, nanos');
        perform add_compression_policy('reading', interval '2 days');
        create view reading_of_city with (security_barrier) as select * from reading where city = current_city();
        grant select on reading_of_city to specola_reader;
    else
        create table reading (like reading_shape including all, primary key (series, time, nanos)) partition by range (time);
        create table reading_before partition of reading for values from (minvalue) to ('2000-01-01 00:00:00+00');
        create table reading_after partition of reading for values from ('2100-01-01 00:00:00+00') to (maxvalue);
        create index reading_by_time on reading using brin (time);
        alter table reading enable row level security;
        create policy reading_of_its_city on reading for select using (city = current_city());
        grant select on reading to specola_reader;
        create view reading_of_city with (security_invoker) as select * from reading;
        grant select on reading_of_city to specola_reader;
    end if;
end
$$;

alter table series enable row level security;
create policy series_of_its_city on series for select using (city = current_city());
grant select on series to specola_reader;
grant select on quality to specola_reader;

-- For people and their tools: `set specola.city` as the role `specola_reader`, or everything as the owner.
create view readings with (security_invoker) as
    select s.city, s.device, s.metric, r.time, r.value, r.integer, r.flag, r.text, r.unit,
           q.word as quality, r.received
    from reading_of_city r join series s on s.number = r.series left join quality q on q.number = r.quality;
grant select on readings to specola_reader;
