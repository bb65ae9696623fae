-- Who: members, their roles, what was decided about them, and where organisations belong.

-- The seven regions; the slug is the word used everywhere else.
create table region (
    slug text primary key,
    name text not null unique,
    ods_code text not null unique,
    ons_code text not null unique
);

-- Organisations with an ODS code. Type and region never follow from the code.
create table organisation (
    code text primary key check (code ~ '^[A-Z0-9]{3,10}$'),
    kind text not null check (kind in ('icb', 'trust')),
    name text not null check (length(name) between 1 and 200),
    ons_code text,
    opened_on date,                 -- null: before anything we report on
    closed_on date,                 -- the last day it was open; null: still open
    check (closed_on >= opened_on)
);
-- A joiner who writes the employer's name instead of its code is matched by it.
create index organisation_by_name on organisation (lower(name));

-- A row holds from its day until the next row of the same board begins: histories cannot overlap.
create table icb_region (
    icb text not null references organisation (code),
    since date not null,
    region text not null references region (slug),
    primary key (icb, since)
);

create table organisation_icb (
    code text not null references organisation (code),
    since date not null,
    icb text not null references organisation (code),
    primary key (code, since)
);

create table succession (
    predecessor text not null references organisation (code),
    successor text not null references organisation (code),
    since date not null,
    primary key (predecessor, successor),
    check (predecessor <> successor)
);

-- Every organisation open on a day, with the board and the region it belonged to that day.
create function organisations_on(day date)
returns table (code text, kind text, name text, icb_code text, icb_name text, region text)
language sql stable
as $$
    select o.code, o.kind, o.name, i.code, i.name, r.region
    from organisation o
    left join lateral (
        select b.icb from organisation_icb b
        where b.code = o.code and b.since <= day
        order by b.since desc limit 1
    ) belongs on true
    left join organisation i on i.code = case o.kind when 'icb' then o.code else belongs.icb end
    left join lateral (
        select b.region from icb_region b
        where b.icb = i.code and b.since <= day
        order by b.since desc limit 1
    ) r on true
    where coalesce(o.opened_on <= day, true) and coalesce(o.closed_on >= day, true)
$$;

-- At most 30 skills of 1 to 100 characters: a check cannot look into an array by itself.
create function skills_fit(skills text[]) returns boolean
language sql immutable
as $$
    select cardinality(skills) <= 30
        and not exists (
            select from unnest(skills) skill
            where skill is null or length(skill) not between 1 and 100
        )
$$;

create table member (
    id uuid primary key,
    email text check (length(email) between 3 and 254),
    name text check (length(name) between 1 and 200),
    about text check (length(about) <= 2000),
    skills_offered text[] not null check (skills_fit(skills_offered)),
    skills_wanted text[] not null check (skills_fit(skills_wanted)),
    organisation_code text references organisation (code),
    organisation_written text check (length(organisation_written) between 1 and 200),
    region text not null references region (slug),
    status text not null check (status in ('waiting', 'approved', 'refused', 'left')),
    version integer not null default 1 check (version > 0),
    joined_at timestamptz not null,
    -- A code or a name in the joiner's words, never both; who left keeps only the code.
    check (organisation_code is null or organisation_written is null),
    check (status = 'left' or organisation_code is not null or organisation_written is not null),
    -- Who is here has a name and an address; who left has nothing personal.
    check ((status = 'left') = (email is null)),
    check ((status = 'left') = (name is null)),
    check (status <> 'left' or (
        about is null and organisation_written is null
        and skills_offered = '{}' and skills_wanted = '{}'
    ))
);
-- One person per address, whatever the letters' case; the look-up of every sign-in.
create unique index member_by_email on member (lower(email));
-- The representatives' queue: those who wait in a region, in the order they came.
create index member_waiting on member (region, id) where status = 'waiting';

-- Roles beyond plain membership, with their history: a row is never deleted, only revoked.
create table role_grant (
    id uuid primary key,
    member_id uuid not null references member (id),
    role text not null check (role in (
        'coordinator', 'national', 'senate', 'integrator',
        'rep:london', 'rep:south-west', 'rep:south-east', 'rep:midlands',
        'rep:east-of-england', 'rep:north-west', 'rep:north-east-and-yorkshire'
    )),
    granted_by uuid references member (id),     -- null: an operator's command
    granted_at timestamptz not null,
    reason text not null check (length(reason) between 1 and 1000),
    revoked_by uuid references member (id),
    revoked_at timestamptz,
    check (granted_by <> member_id),
    check (revoked_at >= granted_at)
);
-- A role is held once at a time; also the look-up of a member's present roles.
create unique index role_held on role_grant (member_id, role) where revoked_at is null;
-- Who represents a region now.
create index role_holders on role_grant (role) where revoked_at is null;

create function role_history_stays() returns trigger
language plpgsql
as $$
begin
    if tg_op = 'UPDATE' then
        -- Revoking is the only change there is, once.
        if old.revoked_at is null
            and (new.id, new.member_id, new.role, new.granted_at, new.reason)
                = (old.id, old.member_id, old.role, old.granted_at, old.reason)
            and new.granted_by is not distinct from old.granted_by
        then
            return new;
        end if;
    end if;
    raise exception 'the history of roles is not rewritten, only revoked';
end
$$;

create trigger role_history before update or delete on role_grant
    for each row execute function role_history_stays();
create trigger role_history_whole before truncate on role_grant
    for each statement execute function role_history_stays();

-- A member as the service meets one: with the organisation's name and the roles held now.
create view person as
select
    m.id, m.email, m.name, m.about, m.skills_offered, m.skills_wanted,
    m.organisation_code, coalesce(o.name, m.organisation_written) as organisation_name,
    m.region, m.status, m.version, m.joined_at,
    array(
        select g.role from role_grant g
        where g.member_id = m.id and g.revoked_at is null
        order by g.role
    ) as granted
from member m
left join organisation o on o.code = m.organisation_code;

-- What was decided about people, by whom and why. It outlives the erasure of the person.
create table audit (
    id uuid primary key,
    actor uuid,                     -- null: an operator's command
    action text not null check (action in ('approve', 'refuse', 'leave', 'grant', 'revoke')),
    subject uuid not null,
    detail text,                    -- the role granted or revoked
    reason text,
    at timestamptz not null,
    -- Nobody decides about themselves; everybody may leave.
    check (action = 'leave' or actor is null or actor <> subject)
);
create index audit_by_subject on audit (subject, id);

create function audit_is_append_only() returns trigger
language plpgsql
as $$
begin
    raise exception 'the audit table is append-only';
end
$$;

create trigger audit_append_only before update or delete or truncate on audit
    for each statement execute function audit_is_append_only();
