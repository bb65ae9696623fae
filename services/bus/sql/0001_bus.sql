-- What the bus keeps in every service's database.

-- The database's clock decides deadlines; a test moves it by this offset instead of sleeping.
create table clock (
    singleton boolean primary key default true check (singleton),
    ahead interval not null default interval '0'
);
insert into clock default values;

-- What has been decided and not yet been confirmed by the broker.
create table outbox (
    id uuid primary key,
    region text not null,
    routing_key text not null,
    headers jsonb not null,
    body bytea not null,
    written_at timestamptz not null default clock_timestamp()
) with (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 2000);
-- The relay takes the oldest rows of each region in turn.
create index outbox_by_region on outbox (region, id);

-- Every message that took effect, for ever: the key of a consumer never expires.
create table inbox (
    event_id text primary key,
    received_at timestamptz not null default now()
);

-- Messages that failed alone: tried again on a schedule, then parked for an operator.
create table retry (
    event_id text primary key,
    routing_key text not null,
    region text not null,
    headers jsonb not null,
    body bytea not null,
    reason text not null,
    attempts integer not null,
    first_failed_at timestamptz not null,
    next_at timestamptz,            -- null: parked
    parked_at timestamptz
);
create index retry_due on retry (next_at) where next_at is not null;

-- A redelivered message may be one that kills its process: its attempts are counted beforehand.
create table attempt (
    event_id text primary key,
    attempts integer not null default 1,
    last_at timestamptz not null default now()
);

-- The answers already given to a caller's idempotency keys.
create table idempotency (
    caller text not null,
    key text not null,
    route text not null,
    payload_hash text not null,
    answer jsonb not null,
    answered_at timestamptz not null default now(),
    primary key (caller, key)
);
-- For the sweep that forgets answers after their published life.
create index idempotency_by_age on idempotency (answered_at);
