-- A plain ledger, as one would write it: the same facts as ours, without rules in triggers.
create table account (
    id uuid primary key,
    balance_minutes bigint not null default 0,
    held_minutes bigint not null default 0,
    floor_minutes bigint not null default -180,
    version bigint not null default 0,
    opening_minutes bigint not null default 0 -- what it began with, for the audit
) with (fillfactor = 70);

create table hold (
    id uuid primary key,
    exchange_id uuid not null,
    account_id uuid not null,
    minutes integer not null,
    state text not null default 'held'
) with (fillfactor = 80);

create table transfer (
    id uuid primary key,
    exchange_id uuid not null unique,
    hold_id uuid not null,
    from_account_id uuid not null,
    to_account_id uuid not null,
    minutes bigint not null check (minutes > 0),
    posted_at timestamptz not null default now()
);

create table entry (
    account_id uuid not null,
    version bigint not null,
    transfer_id uuid not null,
    minutes bigint not null,
    balance_before bigint not null,
    balance_after bigint not null,
    primary key (account_id, version)
);

create table inbox (event_id text primary key, received_at timestamptz not null default now());

create table outbox (
    id uuid primary key,
    body text not null,
    written_at timestamptz not null default now()
) with (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 2000);

-- For pgbench, which has no queue: the events by the order of their delivery.
create table feed (
    number integer primary key,
    event_id text not null,
    exchange_id uuid not null,
    hold_id uuid not null,
    giver_id uuid not null,
    receiver_id uuid not null,
    minutes integer not null,
    transfer_id uuid not null,
    outbox_id uuid not null
);
