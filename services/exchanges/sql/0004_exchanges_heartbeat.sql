-- The minute for which each region's heartbeat was last said to other systems: of several
-- processes, who moves the row on says it.
create table heartbeat (
    region text primary key,
    minute timestamptz not null check (minute = date_trunc('minute', minute))
);
