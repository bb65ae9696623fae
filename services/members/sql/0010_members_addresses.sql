-- A member may have several addresses, each proved; notices go to the one in member.email.
-- depends: 0009_members_audit

create table member_address (
    email text not null check (length(email) between 3 and 254),
    member_id uuid not null references member (id)
);
-- One person per address, whichever of their addresses it is; the look-up of every sign-in.
create unique index member_address_by_email on member_address (lower(email));
create index member_addresses on member_address (member_id);

insert into member_address (email, member_id) select email, id from member where email is not null;

-- Whoever writes a member, of this version or the one before: the main address is one of theirs.
create function address_is_free() returns trigger
language plpgsql
as $$
begin
    -- No row is added, as if the address were the main one of somebody.
    if exists (select from member_address where lower(email) = lower(new.email)) then
        return null;
    end if;
    return new;
end
$$;
create trigger member_address_is_free before insert on member
    for each row when (new.email is not null) execute function address_is_free();

create function main_address_is_theirs() returns trigger
language plpgsql
as $$
begin
    if new.email is null then
        delete from member_address where member_id = new.id;
        return null;
    end if;
    insert into member_address (email, member_id) values (new.email, new.id)
    on conflict (lower(email)) do nothing;
    if not exists (
        select from member_address where lower(email) = lower(new.email) and member_id = new.id)
    then
        raise exception 'the address belongs to somebody else' using errcode = 'unique_violation';
    end if;
    return null;
end
$$;
create trigger member_main_address after insert or update of email on member
    for each row execute function main_address_is_theirs();

create function main_address_stays() returns trigger
language plpgsql
as $$
begin
    if exists (select from member where id = old.member_id and lower(email) = lower(old.email)) then
        raise exception 'notices go to this address: choose another first'
            using errcode = 'restrict_violation';
    end if;
    return old;
end
$$;
create trigger member_main_address_stays before delete on member_address
    for each row execute function main_address_stays();

-- A link to an address that is to be added: only its hash, as with links that sign in.
create table address_link (
    token_hash bytea primary key check (length(token_hash) = 32),
    member_id uuid not null references member (id),
    email text not null check (length(email) between 3 and 254),
    sent_at timestamptz not null,
    used_at timestamptz check (used_at >= sent_at)
);
-- How many went to one address, and how many a member asked for, lately.
create index address_link_by_email on address_link (lower(email), sent_at);
create index address_link_by_member on address_link (member_id, sent_at);
create index address_link_by_age on address_link (sent_at);
