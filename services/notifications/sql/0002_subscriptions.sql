-- Which other systems hear of events, by what way, and what became of each signal sent to them.
-- Nothing personal: a signal says that something happened and where to ask about it.

create table subscription (
    id uuid primary key,
    owner_id uuid not null,                    -- the integrator who asked for it
    kind text not null check (kind in ('amqp', 'webhook')),
    name text not null,                        -- of the system, in its owner's words
    regions text[] not null check (cardinality(regions) > 0),
    types text[] not null,                     -- empty: every type there is
    url text,                                  -- where a webhook's receiver is
    state text not null default 'waiting' check (state in ('waiting', 'active', 'ended')),
    created_at timestamptz not null,
    approved_at timestamptz,
    approved_by uuid,
    ended_at timestamptz,
    end_reason text,                           -- withdrawn, owner_left, gone, unreachable
    version integer not null default 1,
    -- A receiver that fails is left alone for a while, all its signals with it.
    failures integer not null default 0,       -- in a row
    failing_since timestamptz,
    rests_until timestamptz,
    -- When the broker is to be told next that the subscription has ended; null: it knows.
    dismiss_at timestamptz,
    check ((kind = 'webhook') = (url is not null)),
    check ((approved_at is null) = (approved_by is null)),
    check (state <> 'active' or approved_at is not null),
    check ((state = 'ended') = (ended_at is not null)),
    check ((state = 'ended') = (end_reason is not null)),
    check (dismiss_at is null or (state = 'ended' and kind = 'amqp')),
    check ((failures > 0) = (failing_since is not null))
);

create index subscription_of_owner on subscription (owner_id, id);
create index subscription_to_dismiss on subscription (dismiss_at) where dismiss_at is not null;

-- What a webhook is signed with. Kept readable, since a signature needs it; an old one signs
-- beside the new one until the receiver has had time to change.
create table webhook_secret (
    subscription_id uuid not null references subscription,
    secret text not null,
    made_at timestamptz not null,
    ends_at timestamptz,                       -- null: the newest
    primary key (subscription_id, secret)
);
create unique index webhook_secret_newest on webhook_secret (subscription_id) where ends_at is null;

-- One signal for one receiver; kept for thirty days, so that it can be sent again.
create table webhook_delivery (
    subscription_id uuid not null references subscription,
    event_id text not null,
    region text not null,                      -- of the queue the event came by
    signal jsonb not null,                     -- its attributes
    said_at timestamptz not null,
    state text not null default 'pending' check (state in ('pending', 'delivered', 'failed')),
    attempts integer not null default 0 check (attempts >= 0),
    next_at timestamptz,                       -- as of a notice: due, or taken over by others
    status integer,                            -- the receiver's last answer
    reason text,                               -- a code, while the last try was no success
    tried_at timestamptz,
    primary key (subscription_id, event_id),
    check ((state = 'pending') = (next_at is not null)),
    check (state <> 'failed' or reason is not null)
) with (fillfactor = 85);  -- updated twice soon after it is written

create index webhook_delivery_due on webhook_delivery (subscription_id, region, next_at)
    where state = 'pending';
-- For the sweep that forgets, and for sending again from a moment on.
create index webhook_delivery_by_time on webhook_delivery (said_at);
