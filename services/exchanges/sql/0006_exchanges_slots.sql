-- Times at which the owner of an offer can help; each is taken once.
-- depends: 0001_exchanges

create table listing_slot (
    id uuid primary key,
    listing_id uuid not null references listing (id),
    starts_at timestamptz not null,
    minutes integer not null check (minutes between 15 and 1440 and minutes % 15 = 0),
    -- Also how the times of a listing that lie ahead are found, the soonest first.
    unique (listing_id, starts_at)
);

-- The time an exchange was asked for; no reference, since what came to nothing outlives a time
-- that its owner takes back. Empty once another time was agreed.
alter table exchange add column slot_id uuid;
-- Whatever the code forgot to lock: a time is taken once, and free again when nothing took place.
create unique index exchange_takes_slot on exchange (slot_id)
    where slot_id is not null and state not in (
        'declined', 'withdrawn', 'expired', 'cancelled', 'lapsed', 'no_show');
