-- Who stands in for a representative who is away, and who was encouraged by whom.
-- depends: 0004_members_invitations

create table cover (
    id uuid primary key,
    region text not null references region (slug),
    away_id uuid not null references member (id),
    covering_id uuid not null references member (id),
    named_by uuid not null references member (id),
    reason text not null check (length(reason) between 1 and 1000),
    since timestamptz not null,
    until timestamptz not null,
    ended_at timestamptz,               -- earlier than agreed
    check (away_id <> covering_id),
    check (until > since),
    check (ended_at >= since)
);
-- Which regions somebody covers now: asked whenever a member is looked up.
create index cover_by_colleague on cover (covering_id, until) where ended_at is null;
create index cover_by_region on cover (region, id);

create function cover_only_ends() returns trigger
language plpgsql
as $$
begin
    if tg_op = 'UPDATE' then
        -- Ending it is the only change there is, once.
        if old.ended_at is null
            and (new.id, new.region, new.away_id, new.covering_id, new.named_by, new.reason,
                 new.since, new.until)
                = (old.id, old.region, old.away_id, old.covering_id, old.named_by, old.reason,
                   old.since, old.until)
        then
            return new;
        end if;
    end if;
    raise exception 'the history of covers is not rewritten, only ended';
end
$$;
create trigger cover_history before update or delete on cover
    for each row execute function cover_only_ends();

create table nudge (
    id uuid primary key,
    member_id uuid not null references member (id),
    nudged_by uuid not null references member (id),
    at timestamptz not null,
    check (member_id <> nudged_by)
);
create index nudge_by_member on nudge (member_id, at);

-- Those let in lately, of whom some have not come to a first exchange.
create index member_newcomers on member (region, joined_at) where status = 'approved';
-- People found by the beginning of their name.
create index member_by_name on member (lower(name) text_pattern_ops) where status = 'approved';
