-- Other systems that act for members: who they are, how they prove it, and who agreed to what.
-- depends: 0004_members_invitations

create table client (
    id uuid primary key,
    name text not null check (length(name) between 1 and 200),
    organisation text not null check (length(organisation) between 1 and 200),
    -- Public keys only: nobody who reads this table can sign as the system.
    keys jsonb not null check (
        jsonb_array_length(keys) between 1 and 5 and not jsonb_path_exists(keys, '$[*].d')),
    scopes text[] not null check (cardinality(scopes) > 0 and scopes <@ array[
        'listings:read', 'exchanges:read', 'exchanges:book', 'account:read']),
    regions text[] not null check (cardinality(regions) > 0),
    registered_at timestamptz not null,
    withdrawn_at timestamptz check (withdrawn_at >= registered_at)
);

-- Which assertions were used, until they would have expired anyway.
create table client_assertion (
    client_id uuid not null references client (id),
    jti_hash bytea not null check (length(jti_hash) = 32),
    expires_at timestamptz not null,
    primary key (client_id, jti_hash)
);

-- Only hashes, so that nobody who reads this table can call as the system.
create table client_token (
    token_hash bytea primary key check (length(token_hash) = 32),
    client_id uuid not null references client (id),
    scopes text[] not null,
    expires_at timestamptz not null
);
create index client_token_of on client_token (client_id);

-- What a member agreed to, with its history: a row is never deleted, only ended.
create table consent (
    id uuid primary key,
    member_id uuid not null references member (id),
    client_id uuid not null references client (id),
    scope text not null,
    given_at timestamptz not null,
    ended_at timestamptz check (ended_at >= given_at)
);
-- A scope is given once at a time; also the look-up of every call for a member.
create unique index consent_held on consent (member_id, client_id, scope) where ended_at is null;
create index consent_of_client on consent (client_id) where ended_at is null;

create function consent_history_stays() returns trigger
language plpgsql
as $$
begin
    if tg_op = 'UPDATE' then
        -- Ending it is the only change there is, once.
        if old.ended_at is null
            and (new.id, new.member_id, new.client_id, new.scope, new.given_at)
                = (old.id, old.member_id, old.client_id, old.scope, old.given_at)
        then
            return new;
        end if;
    end if;
    raise exception 'what a member agreed to is not rewritten, only ended';
end
$$;

create trigger consent_history before update or delete on consent
    for each row execute function consent_history_stays();
create trigger consent_history_whole before truncate on consent
    for each statement execute function consent_history_stays();

-- What was decided about systems, by whom; a table of its own, since its subjects are no members.
create table client_audit (
    id uuid primary key,
    client_id uuid not null references client (id),
    actor uuid,                         -- null: an operator's command
    action text not null check (action in (
        'register', 'replace_keys', 'withdraw', 'consent', 'end_consent')),
    detail text,                        -- scopes, ids of keys
    reason text,
    at timestamptz not null
);
create index client_audit_by_client on client_audit (client_id, id);

create trigger client_audit_append_only before update or delete or truncate on client_audit
    for each statement execute function audit_is_append_only();
