-- What the broker has confirmed, kept for some days: a confirmed event may still be lost
-- with the queue it waits in, and is then said again from here, under its own id.
create table said (
    id uuid primary key,
    region text not null,
    routing_key text not null,
    headers jsonb not null,
    body bytea not null,
    said_at timestamptz not null default clock_timestamp()
) with (autovacuum_vacuum_insert_scale_factor = 0, autovacuum_vacuum_insert_threshold = 20000);
-- Rows come in the order of their time: a few kilobytes find the old ones.
create index said_by_time on said using brin (said_at) with (pages_per_range = 16);
