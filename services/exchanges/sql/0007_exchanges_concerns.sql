-- Reported problems: cases that outlive the people in them, and what was done about each.
-- depends: 0001_exchanges 0005_exchanges_messages

create table concern (
    id uuid primary key,
    version integer not null check (version > 0),
    region text not null check (region in (
        'london', 'south-west', 'south-east', 'midlands', 'east-of-england', 'north-west',
        'north-east-and-yorkshire', 'national')),
    exchange_id uuid references exchange (id),      -- null: about a person, not about one help
    about_id uuid not null,
    raised_by uuid not null,
    severity text not null check (severity in ('low', 'serious', 'safeguarding')),
    text text not null check (text <> ''),
    state text not null check (state in ('raised', 'acknowledged', 'closed')),
    holder text not null check (holder in ('rep', 'national')),
    raised_at timestamptz not null,
    acknowledge_by timestamptz not null,
    acknowledged_at timestamptz,
    acted_at timestamptz not null,                  -- when anything was last done about it
    closed_at timestamptz,
    answer text,                                    -- what whoever raised it was told at the end
    constraint nobody_raises_one_about_themselves check (about_id <> raised_by),
    constraint acknowledgement_has_its_time check ((state = 'raised') = (acknowledged_at is null)),
    constraint closing_has_its_time check ((state = 'closed') = (closed_at is not null))
);
-- The list of whoever holds it, and what the sweeper hands on.
create index concern_open on concern (holder, region, acknowledge_by) where state <> 'closed';
-- One's own, the newest first, and how many are open.
create index concern_raised_by on concern (raised_by, id);
-- Whether the clocks of an exchange may go on.
create index concern_exchange on concern (exchange_id) where state <> 'closed';

-- Everything done about a concern: who did it, and their words for the record.
create table concern_step (
    concern_id uuid not null references concern (id),
    version integer not null,
    action text not null check (action in (
        'raise', 'acknowledge', 'note', 'refer', 'hand_on', 'close', 'escalate')),
    actor_id uuid,                                  -- null: a deadline
    text text,
    at timestamptz not null,
    primary key (concern_id, version)
);
create trigger concern_step_is_append_only before update or delete on concern_step
    for each row execute function refuse_rewriting_history();

-- The messages somebody chose to show with a concern, as they stood then.
create table concern_message (
    concern_id uuid not null references concern (id),
    number integer not null,
    author_id uuid not null,
    text text,
    written_at timestamptz not null,
    primary key (concern_id, number)
);

-- Since when an open concern has stopped the clocks of an exchange.
alter table exchange add column stopped_at timestamptz;
