-- What members look for again and again, and what they were told of.
-- depends: 0001_exchanges

-- When somebody's searches are looked through next. Held by who does so and by who saves
-- another, so that everything about one person happens one after the other.
create table search_digest (
    member_id uuid primary key,
    region text not null,               -- whose pools look
    due_at timestamptz not null
);
create index search_digest_due on search_digest (region, due_at);

create table saved_search (
    id uuid primary key,
    member_id uuid not null references search_digest (member_id) on delete cascade,
    words text check (words <> ''),
    kind text check (kind in ('offer', 'request')),
    category text,
    within text,                        -- region of the listings
    saved_at timestamptz not null,
    seen_id uuid                        -- listings up to this one were looked at for good
);
-- One person's searches; and nobody saves the same twice.
create unique index saved_search_once on saved_search (
    member_id, coalesce(words, ''), coalesce(kind, ''), coalesce(category, ''),
    coalesce(within, ''));

-- Of what somebody was told: each listing once, however often it is looked at.
create table search_found (
    member_id uuid not null references search_digest (member_id) on delete cascade,
    listing_id uuid not null references listing (id),
    digest_id uuid not null,
    found_at timestamptz not null,
    primary key (member_id, listing_id)
);
-- What a mail is about.
create index search_found_in_digest on search_found (digest_id);
