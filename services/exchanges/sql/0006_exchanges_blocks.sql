-- Who wants to have nothing to do with whom.
-- depends: 0001_exchanges

create table block (
    blocker_id uuid not null,
    blocked_id uuid not null,
    blocked_at timestamptz not null,
    primary key (blocker_id, blocked_id),
    check (blocker_id <> blocked_id)
);
-- Whom somebody is hidden from because the other wanted it.
create index block_blocked on block (blocked_id);
