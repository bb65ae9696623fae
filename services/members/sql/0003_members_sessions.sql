-- Signing in on a browser. Only hashes of what the browser or the e-mail holds are kept, so
-- that nobody who reads these tables can sign in with them.
-- depends: 0002_members_organisations

-- A session belongs to an address, not to a member: somebody signs in before joining.
create table session (
    token_hash bytea primary key check (length(token_hash) = 32),
    email text not null check (length(email) between 3 and 254),
    trusted boolean not null,       -- a device of one's own, that stays signed in
    created_at timestamptz not null,
    seen_at timestamptz not null,
    check (seen_at >= created_at)
);
-- Signing out everywhere, and leaving.
create index session_by_email on session (lower(email));
-- Clearing away what has ended.
create index session_by_age on session (created_at);

create table sign_in_link (
    token_hash bytea primary key check (length(token_hash) = 32),
    email text not null check (length(email) between 3 and 254),
    sent_at timestamptz not null,
    used_at timestamptz check (used_at >= sent_at)
);
-- How many went to one address lately.
create index sign_in_link_by_email on sign_in_link (lower(email), sent_at);
create index sign_in_link_by_age on sign_in_link (sent_at);
