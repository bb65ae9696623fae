-- Networks that members host: each invites in its own name, and it is kept whom it brought.
-- depends: 0011_members_privacy

create table network (
    id uuid primary key,
    host_id uuid not null references member (id),
    -- The host's words, which go when the host leaves; the row stays for who came by it.
    name text check (length(name) between 3 and 80 and name !~ '[[:cntrl:]]'),
    -- Shown to its host again and again, so it is kept as it is; it signs nobody in.
    token text check (length(token) between 16 and 64),
    made_at timestamptz not null,
    ended_at timestamptz check (ended_at >= made_at),
    constraint network_invites_until_it_ends check ((token is null) = (ended_at is not null)),
    constraint network_has_a_name check (name is not null or ended_at is not null)
);
-- Partial, so that no foreign key may refer to it: taking a token away then waits for nobody who
-- is joining by it, who in turn waits for the host's row.
create unique index network_by_token on network (token) where token is not null;
-- Of one host no two have one name at a time.
create unique index network_by_name on network (host_id, lower(name)) where ended_at is null;
-- All of a host, in the order they were made.
create index network_of_host on network (host_id, id);

-- Null for who came by themselves or by a member's own link. That it comes with invited_by is
-- not demanded: the version before forgets only that one when somebody leaves.
alter table member add column invited_through uuid references network (id);
-- How many a network has brought, counted in the index alone.
create index member_by_network on member (invited_through, status)
    where invited_through is not null;
