-- What reporting has heard, and what it adds up to.

-- Every event but the notices', for ever: all other tables but notice_count can be
-- deleted and are made again from this one.
create table heard (
    event_id text primary key,
    type text not null,
    region text not null,
    subject text not null,
    time timestamptz not null,
    data jsonb not null,
    heard_at timestamptz not null
);

create function refuse_to_forget() returns trigger language plpgsql as $$
begin
    raise exception 'what was heard stays heard';
end
$$;
create trigger heard_is_append_only
    before update or delete or truncate on heard
    for each statement execute function refuse_to_forget();

-- Notices are many and say little: how many is all that is kept of them.
create table notice_count (
    region text not null,
    event text not null,
    channel text not null,
    template text not null,
    notices bigint not null check (notices > 0),
    primary key (region, event, channel, template)
);

-- One row per exchange: its newest version, and the first time it reached each milestone.
create table exchange_fact (
    exchange_id uuid primary key,
    version integer not null,
    happened_at timestamptz not null,
    state text not null,
    listing_id uuid not null,
    giver_id uuid not null,
    receiver_id uuid not null,
    asker_id uuid not null,
    minutes integer not null,
    category text,
    pathway text,
    region text not null,
    giver_region text not null,
    receiver_region text not null,
    giver_organisation text,
    receiver_organisation text,
    starts_at timestamptz,
    requested_at timestamptz not null,
    answered_at timestamptz,
    booked_at timestamptz,
    completed_at timestamptz
);
-- Which requests were met.
create index exchange_fact_by_listing on exchange_fact (listing_id);

-- One row per transfer of the ledger: the only source of minutes and hours.
create table transfer_fact (
    transfer_id uuid primary key,
    kind text not null,
    exchange_id uuid,
    reverses_transfer_id uuid,
    minutes integer not null,
    posted_at timestamptz not null,
    region text not null
);
-- From a transfer to what took it back; nearly every transfer is never reversed.
create index transfer_fact_by_reversed on transfer_fact (reverses_transfer_id)
    where reverses_transfer_id is not null;

create table member_fact (
    member_id uuid primary key,
    version integer not null,
    told_at timestamptz not null,
    status text not null,
    region text not null,
    organisation text,
    joined_at timestamptz not null
);

-- published_at is null while only the end of a listing has been heard.
create table listing_fact (
    listing_id uuid primary key,
    version integer not null,
    told_at timestamptz not null,
    state text not null,
    owner_id uuid not null,
    kind text not null,
    category text,
    pathway text,
    region text not null,
    organisation text,
    published_at timestamptz
);

-- The settled exchanges, each with the minutes that stand: the one place that says
-- what counts, where and when. Minutes are the ledger's; a transfer heard before its
-- exchange counts at once, by the region it came by and the time it was posted.
create view settlement as
select transfer.transfer_id,
    transfer.exchange_id,
    exchange.listing_id,
    exchange.giver_id,
    exchange.receiver_id,
    coalesce(exchange.region, transfer.region) as region,
    coalesce(exchange.giver_region, transfer.region) as giver_region,
    exchange.giver_organisation,
    exchange.receiver_organisation,
    exchange.category,
    exchange.pathway,
    coalesce(exchange.completed_at, transfer.posted_at) as completed_at,
    -- an exchange recorded afterwards took place when it started
    least(exchange.starts_at, coalesce(exchange.completed_at, transfer.posted_at)) as took_place_at,
    transfer.minutes - coalesce(taken_back.minutes, 0) as minutes
from transfer_fact as transfer
left join exchange_fact as exchange on exchange.exchange_id = transfer.exchange_id
left join (
    select reverses_transfer_id, sum(minutes)::integer as minutes
    from transfer_fact
    where reverses_transfer_id is not null
    group by reverses_transfer_id
) as taken_back on taken_back.reverses_transfer_id = transfer.transfer_id
where transfer.kind = 'exchange'
    and transfer.minutes > coalesce(taken_back.minutes, 0);
