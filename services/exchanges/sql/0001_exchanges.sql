-- What the exchanges service keeps: listings, exchanges, their history and thanks.

-- Both are declared immutable so that generated columns may use them; they depend on nothing
-- but their argument (array_to_string is only called stable because of other element types).
create function skills_as_text(skills text[]) returns text
    language sql immutable parallel safe
    as $$ select array_to_string(skills, ' ') $$;

create function skills_as_keys(skills text[]) returns text[]
    language sql immutable parallel safe
    as $$ select coalesce(array_agg(lower(skill)), '{}') from unnest(skills) as skill $$;

-- What this service has heard about people; the newest version wins.
create table member (
    id uuid primary key,
    version integer not null,
    status text not null check (status in ('waiting', 'approved', 'refused', 'left'))
);

create table listing (
    id uuid primary key,
    version integer not null check (version > 0),
    owner_id uuid not null,
    kind text not null check (kind in ('offer', 'request')),
    title text not null check (title <> ''),
    description text not null,
    category text check (category in (
        'leadership', 'digital-and-data', 'projects', 'coaching-and-mentoring', 'shadowing',
        'problem-solving')),
    pathway text check (pathway in ('get-ready', 'get-in', 'get-on', 'go-further')),
    minutes integer not null check (minutes between 15 and 1440 and minutes % 15 = 0),
    online boolean not null,
    place text,
    skills text[] not null,
    capacity integer check (capacity > 0),
    state text not null check (state in ('open', 'paused', 'closed', 'expired')),
    region text not null check (region in (
        'london', 'south-west', 'south-east', 'midlands', 'east-of-england', 'north-west',
        'north-east-and-yorkshire', 'national')),
    organisation text,
    published_at timestamptz not null,
    expires_at timestamptz not null,
    -- Stems find "mentoring" by "mentor"; the plain words beside them serve the prefix of
    -- a word still being typed, which a stem may have cut off.
    search tsvector not null generated always as (
        setweight(to_tsvector('english', title), 'A')
        || setweight(to_tsvector('simple', title), 'A')
        || setweight(to_tsvector('english', skills_as_text(skills)), 'B')
        || setweight(to_tsvector('simple', skills_as_text(skills)), 'B')
        || setweight(to_tsvector('english', description), 'C')
        || setweight(to_tsvector('simple', description), 'C')
    ) stored,
    skill_keys text[] not null generated always as (skills_as_keys(skills)) stored
);
-- Search looks at open listings only.
create index listing_search on listing using gin (search) where state = 'open';
create index listing_skills on listing using gin (skill_keys) where state = 'open';
-- The newest open listings, page by page.
create index listing_open on listing (id) where state = 'open';
create index listing_owner on listing (owner_id, id);
-- What the sweeper of a region closes next.
create index listing_expiry on listing (region, expires_at) where state in ('open', 'paused');

create table exchange (
    id uuid primary key,
    version integer not null check (version > 0),
    listing_id uuid not null references listing (id),
    title text not null,
    category text,
    pathway text,
    giver_id uuid not null,
    receiver_id uuid not null,
    asker_id uuid not null,
    region text not null,
    giver_region text not null,
    receiver_region text not null,
    giver_organisation text,
    receiver_organisation text,
    recorded boolean not null,
    message text,
    requested_at timestamptz not null,
    sent_at timestamptz,                -- null: kept back until the asker is let in
    state text not null check (state in (
        'requested', 'accepted', 'unfunded', 'booked', 'awaiting_confirmation', 'completed',
        'disputed', 'settled', 'declined', 'withdrawn', 'expired', 'cancelled', 'lapsed',
        'no_show', 'reversed')),
    next_actor text check (next_actor in (
        'giver', 'receiver', 'both', 'rep', 'national', 'ledger')),
    actor_id uuid,
    minutes integer not null check (minutes between 15 and 1440 and minutes % 15 = 0),
    stated_minutes integer check (stated_minutes between 15 and 1440 and stated_minutes % 15 = 0),
    held_minutes integer check (held_minutes between 15 and 1440 and held_minutes % 15 = 0),
    shortfall_minutes integer check (shortfall_minutes >= 0),
    starts_at timestamptz,
    attempt integer not null check (attempt >= 0),
    from_fund boolean not null,
    ruled boolean not null,
    sequence integer not null check (sequence >= 0),
    entered_at timestamptz not null,
    deadline timestamptz,
    booked_at timestamptz,
    completed_at timestamptz,
    settled_at timestamptz,
    reversal_asked_by uuid,
    check (giver_id <> receiver_id),
    check (asker_id in (giver_id, receiver_id)),
    check (region = receiver_region),
    -- No state is a dead end: somebody must act, by a deadline, until the state is final.
    constraint someone_is_next_until_the_end check ((next_actor is null) = (state in (
        'settled', 'declined', 'withdrawn', 'expired', 'cancelled', 'lapsed', 'no_show',
        'reversed'))),
    constraint a_deadline_until_the_end check ((deadline is null) = (next_actor is null)),
    constraint minutes_are_held_while_booked check (
        state not in ('booked', 'awaiting_confirmation', 'completed') or held_minutes is not null),
    constraint no_more_is_completed_than_held check (
        state <> 'completed' or minutes <= held_minutes),
    constraint what_waits_for_a_word_was_stated check (
        state <> 'awaiting_confirmation' or stated_minutes is not null),
    constraint completion_has_its_time check (
        state not in ('completed', 'settled', 'reversed') or completed_at is not null),
    constraint settlement_has_its_time check (
        state not in ('settled', 'reversed') or settled_at is not null)
);
-- The sweeper's question: what is overdue in my regions?
create index exchange_deadline on exchange (region, deadline) where deadline is not null;
-- A person's own exchanges, newest first.
create index exchange_giver on exchange (giver_id, id);
create index exchange_receiver on exchange (receiver_id, id);
-- How much of a listing's capacity is taken.
create index exchange_capacity on exchange (listing_id) where state in (
    'requested', 'accepted', 'unfunded', 'booked', 'awaiting_confirmation', 'disputed');
-- A representative's lists, and the figure of open exchanges by state.
create index exchange_region on exchange (region, state, id);
create index exchange_giver_region on exchange (giver_region, id);
-- What is sent when its asker is let in.
create index exchange_kept_back on exchange (asker_id) where sent_at is null;

-- Which state may follow which; the same as the table in lifecycle.py, which a test holds.
create table exchange_transition (
    state text not null,
    after text not null,
    primary key (state, after)
);
insert into exchange_transition (state, after) values
    ('requested', 'accepted'), ('requested', 'declined'), ('requested', 'withdrawn'),
    ('requested', 'expired'),
    ('accepted', 'booked'), ('accepted', 'unfunded'), ('accepted', 'completed'),
    ('accepted', 'withdrawn'),
    ('unfunded', 'requested'), ('unfunded', 'accepted'), ('unfunded', 'withdrawn'),
    ('unfunded', 'expired'),
    ('booked', 'requested'), ('booked', 'cancelled'), ('booked', 'awaiting_confirmation'),
    ('booked', 'completed'), ('booked', 'no_show'), ('booked', 'lapsed'),
    ('awaiting_confirmation', 'completed'), ('awaiting_confirmation', 'disputed'),
    ('awaiting_confirmation', 'lapsed'),
    ('completed', 'settled'),
    ('disputed', 'completed'), ('disputed', 'cancelled'), ('disputed', 'accepted'),
    ('settled', 'reversed'),
    ('no_show', 'disputed');

create function refuse_unknown_transition() returns trigger language plpgsql as $$
begin
    if not exists (
        select 1 from exchange_transition where state = old.state and after = new.state
    ) then
        raise exception 'an exchange does not go from % to %', old.state, new.state
            using errcode = 'check_violation';
    end if;
    return new;
end $$;
create trigger exchange_follows_its_table before update of state on exchange
    for each row when (old.state is distinct from new.state)
    execute function refuse_unknown_transition();

-- Every step ever taken: who did what, and what stood afterwards.
create table exchange_step (
    exchange_id uuid not null references exchange (id),
    version integer not null,
    action text not null,
    actor_id uuid,                      -- null: a deadline, or another service
    state text not null,
    minutes integer not null,
    reason text,
    at timestamptz not null,
    -- Two steps from one version cannot both be kept, whatever the code forgot to lock.
    primary key (exchange_id, version)
);

create function refuse_rewriting_history() returns trigger language plpgsql as $$
begin
    raise exception 'the history of an exchange is only added to' using errcode = 'check_violation';
end $$;
create trigger exchange_step_is_append_only before update or delete on exchange_step
    for each row execute function refuse_rewriting_history();

create table thanks (
    exchange_id uuid not null references exchange (id),
    author_id uuid not null,
    message text not null,
    publish boolean not null,
    thanked_at timestamptz not null,
    primary key (exchange_id, author_id)
);
