-- What was decided about parked messages, by whom and why: never rewritten. What was discarded
-- is kept whole, so that nothing is lost by a mistake.
-- depends: 0001_bus
create table parked_decision (
    event_id text not null,
    at timestamptz not null default clock_timestamp(),
    decision text not null check (decision in ('put_back', 'discard')),
    actor uuid,                         -- null: an operator's command
    reason text not null check (length(reason) between 1 and 1000),
    routing_key text not null,
    region text not null,
    headers jsonb not null,
    body bytea,                         -- null: put back, so it is where it was
    failure text not null,              -- what it was parked for
    attempts integer not null,
    first_failed_at timestamptz not null,
    primary key (event_id, at),
    check ((decision = 'discard') = (body is not null))
);
-- The audit reads them newest first.
create index parked_decision_by_time on parked_decision (at);

create function parked_decisions_stay() returns trigger language plpgsql as $$
begin
    raise exception 'what was decided about a message is not rewritten';
end
$$;
create trigger parked_decision_append_only before update or delete or truncate on parked_decision
    for each statement execute function parked_decisions_stay();
