-- What representatives do: in whose name a step was taken, and what they agree to undo.
-- depends: 0001_exchanges

-- The history names who took a step; this names the party it was taken for.
create table step_for_member (
    exchange_id uuid not null,
    version integer not null,
    member_id uuid not null,
    primary key (exchange_id, version)
);
create trigger step_for_member_is_append_only before update or delete on step_for_member
    for each row execute function refuse_rewriting_history();

-- The few large reversals that wait for a second person.
create index exchange_reversal_asked on exchange (region)
    where state = 'settled' and reversal_asked_by is not null;
