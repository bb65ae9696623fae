-- Who is told what, and what became of it. No names, no addresses, no texts.

create table notice (
    id uuid primary key,
    -- The event it tells of; or, where one notice is right for a whole life, template:subject.
    event_id text not null,
    member_id uuid not null,
    channel text not null check (channel in ('in_app', 'email')),
    template text not null,
    region text not null,
    exchange_id uuid,
    facts jsonb not null,
    correlation_id text not null,
    state text not null check (state in ('pending', 'sent', 'failed', 'suppressed')),
    attempts integer not null default 0 check (attempts >= 0),
    reason text,
    created_at timestamptz not null,
    -- When it is due; while a sender has it in hand, when others may take it over.
    next_at timestamptz,
    sent_at timestamptz,
    read_at timestamptz,
    -- One notice per event, person and channel, whatever is redelivered.
    constraint notice_once unique (event_id, member_id, channel),
    check ((state = 'pending') = (next_at is not null)),
    check ((state = 'sent') = (sent_at is not null)),
    check (state in ('pending', 'sent') or reason is not null),
    check (channel = 'email' or state = 'sent'),
    check (read_at is null or channel = 'in_app')
) with (fillfactor = 85);  -- an e-mail is updated twice soon after it is written

-- What a sender takes next, region by region.
create index notice_due on notice (region, next_at) where state = 'pending';
-- One member's list, newest first: ids are made in the order of time.
create index notice_of_member on notice (member_id, id) where channel = 'in_app';
-- A leaver's mail that has not gone out.
create index notice_pending_of_member on notice (member_id) where state = 'pending';

-- A notice to whoever represents a region: its people are asked for at sending, then it
-- becomes one notice for each of them.
create table role_notice (
    event_id text not null,
    role text not null,            -- rep:<region> or national
    channel text not null check (channel in ('in_app', 'email')),
    template text not null,
    region text not null,
    exchange_id uuid,
    facts jsonb not null,
    correlation_id text not null,
    next_at timestamptz,           -- null: its people have been told
    primary key (event_id, role, channel)
);
create index role_notice_due on role_notice (region, next_at) where next_at is not null;

-- What a member wants by e-mail; no row means everything.
create table recipient (
    member_id uuid primary key,
    email boolean not null default true,
    muted text[] not null default '{}',
    left_at timestamptz,           -- nothing is written to or for somebody who has left
    version integer not null default 1
);
