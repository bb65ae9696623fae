-- The ledger: accounts, holds, transfers and entries, and the rules no statement can go round.
--
-- Inserting a transfer is the posting: triggers move the balances and write the entries.
-- Inserting or updating a hold reserves or frees minutes. Everything derived from these two
-- (balances, held sums, versions, entries) can be written by the triggers only, so that all
-- balances sum to zero whatever is typed into the database.
--
-- Lock order, for everyone: accounts in the order of their ids, then holds. The issue account
-- and the fund have the last ids there are, so that locking them late is still in order.

create table region (
    slug text primary key,
    floor_minutes integer not null default -180 check (floor_minutes <= 0),
    starter_grant_minutes integer not null default 60 check (starter_grant_minutes >= 0)
);
insert into region (slug) values
    ('london'), ('south-west'), ('south-east'), ('midlands'), ('east-of-england'),
    ('north-west'), ('north-east-and-yorkshire'), ('national');

create table account (
    id uuid primary key,
    kind text not null check (kind in ('member', 'issue', 'fund')),
    region text not null references region,
    own_floor_minutes integer check (own_floor_minutes <= 0), -- null: the region's
    balance_minutes bigint not null default 0,
    held_minutes bigint not null default 0 check (held_minutes >= 0),
    version bigint not null default 0, -- entries so far
    member_version integer not null default 0, -- of the newest event heard about the member
    opened_at timestamptz not null,
    closed_at timestamptz -- when the member left
) with (fillfactor = 70); -- every posting updates two rows: room for them on the same page

insert into account (id, kind, region, own_floor_minutes, opened_at) values
    ('ffffffff-ffff-8fff-bfff-fffffffffffe', 'issue', 'national', null, now()),
    ('ffffffff-ffff-8fff-bfff-ffffffffffff', 'fund', 'national', 0, now());

-- There is one place minutes come from.
create unique index one_issue_account on account (kind) where kind = 'issue';

create table hold (
    id uuid primary key,
    exchange_id uuid not null,
    account_id uuid not null, -- known and locked by the trigger, which costs less than a key
    minutes integer not null check (minutes between 15 and 1440 and minutes % 15 = 0),
    state text not null check (state in ('held', 'refused', 'posted', 'released')),
    fund_minutes integer not null default 0 check (fund_minutes between 0 and minutes),
    available_minutes bigint, -- before the answer; null: released before it was ever held
    shortfall_minutes bigint,
    posted_minutes integer check (posted_minutes between 1 and minutes),
    region text not null, -- of the exchange: where the answers go
    asked_at timestamptz not null,
    ended_at timestamptz,
    check ((state = 'refused') = (shortfall_minutes is not null)),
    check ((state = 'posted') = (posted_minutes is not null)),
    check (state not in ('held', 'posted') or available_minutes is not null),
    check ((state = 'held') = (ended_at is null))
) with (fillfactor = 80); -- every hold is updated once, when it ends

create table transfer (
    id uuid primary key, -- made by the sender; the idempotency key for ever
    kind text not null
        check (kind in ('exchange', 'grant', 'donation', 'fund', 'reversal', 'leaving')),
    exchange_id uuid,
    hold_id uuid,
    reverses_transfer_id uuid references transfer,
    from_account_id uuid not null,
    to_account_id uuid not null,
    minutes bigint not null check (minutes > 0),
    region text not null,
    posted_at timestamptz not null,
    reason text,
    author_id uuid,
    correlation_id text not null,
    check (from_account_id <> to_account_id),
    constraint transfer_names_its_cause check (case kind
        when 'exchange' then num_nonnulls(exchange_id, hold_id) = 2 and reverses_transfer_id is null
        when 'reversal' then num_nonnulls(exchange_id, reverses_transfer_id) = 2 and hold_id is null
        when 'fund' then hold_id is not null and num_nonnulls(exchange_id, reverses_transfer_id) = 0
        else num_nonnulls(exchange_id, hold_id, reverses_transfer_id) = 0
    end)
);
-- One posting per exchange and kind.
create unique index transfer_once_per_exchange on transfer (exchange_id, kind)
    where exchange_id is not null;
-- What was reversed is not reversed again.
create unique index transfer_reversed_once on transfer (reverses_transfer_id)
    where reverses_transfer_id is not null;

create table entry (
    account_id uuid not null,
    version bigint not null check (version > 0),
    transfer_id uuid not null,
    minutes bigint not null check (minutes <> 0),
    balance_before bigint not null,
    balance_after bigint not null,
    primary key (account_id, version), -- also the order of a statement
    check (balance_after = balance_before + minutes)
);

create table limit_change (
    id uuid primary key,
    account_id uuid references account,
    region text references region,
    floor_before_minutes integer,
    floor_minutes integer, -- null: the account follows its region again
    starter_grant_minutes integer,
    reason text not null check (length(trim(reason)) between 1 and 500),
    author_id uuid, -- null: the ledger itself
    valid_from timestamptz not null,
    check (num_nonnulls(account_id, region) = 1),
    check (region is null or floor_minutes is not null),
    check (account_id is null or starter_grant_minutes is null)
);
-- The history of one account or region, newest first.
create index limit_change_by_account on limit_change (account_id, id) where account_id is not null;
create index limit_change_by_region on limit_change (region, id) where region is not null;


create function refuse_statement() returns trigger language plpgsql as $$
begin
    raise exception '% of % is refused: a correction is another transfer', tg_op, tg_table_name
        using errcode = 'insufficient_privilege';
end
$$;

-- Depth 1 is a statement from outside, deeper is one of our own triggers at work.
create function refuse_from_outside() returns trigger language plpgsql as $$
begin
    if pg_trigger_depth() < 2 then
        raise exception '% of these columns of % is the ledger''s own work', tg_op, tg_table_name
            using errcode = 'insufficient_privilege';
    end if;
    return null;
end
$$;

create function refuse_opening_balance() returns trigger language plpgsql as $$
begin
    raise exception 'account % would open with minutes nobody transferred', new.id
        using errcode = 'check_violation', constraint = 'account_opens_empty';
end
$$;

create trigger account_opens_empty before insert on account for each row
    when (new.balance_minutes <> 0 or new.held_minutes <> 0 or new.version <> 0)
    execute function refuse_opening_balance();
create trigger account_moves_by_transfer
    before update of id, kind, own_floor_minutes, balance_minutes, held_minutes, version, opened_at
    on account for each statement execute function refuse_from_outside();
create trigger account_is_for_ever before delete or truncate on account
    for each statement execute function refuse_statement();
create trigger region_changes_by_limit_change before update on region
    for each statement execute function refuse_from_outside();
create trigger region_is_for_ever before delete or truncate on region
    for each statement execute function refuse_statement();
create trigger hold_is_for_ever before delete or truncate on hold
    for each statement execute function refuse_statement();
create trigger transfer_is_for_ever before update or delete or truncate on transfer
    for each statement execute function refuse_statement();
create trigger entry_follows_transfer before insert on entry
    for each statement execute function refuse_from_outside();
create trigger entry_is_for_ever before update or delete or truncate on entry
    for each statement execute function refuse_statement();
create trigger limit_change_is_for_ever before update or delete or truncate on limit_change
    for each statement execute function refuse_statement();


-- Available minutes of accounts that fell below their floor; an account without one is absent.
create view overspent as
    select a.id as account_id,
           a.balance_minutes - a.held_minutes
               - coalesce(a.own_floor_minutes, r.floor_minutes) as available_minutes
      from account a join region r on r.slug = a.region
     where a.kind <> 'issue'
       and a.balance_minutes - a.held_minutes < coalesce(a.own_floor_minutes, r.floor_minutes);


-- The three functions below ask for a plan of their own at each call (plan_cache_mode): one
-- kept from when the tables were small made a batch sixty times slower once they had grown.
-- Only a statement with a parameter gets one, hence "at_hand > 0" in each that reads a table.

create function apply_new_holds() returns trigger language plpgsql
    set plan_cache_mode = force_custom_plan as $$
declare
    at_hand integer;
    wrong uuid;
begin
    select count(*) into at_hand from asked;
    perform from account where id in (select account_id from asked) and at_hand > 0
      order by id for no key update;

    select h.id into wrong from asked h left join account a on a.id = h.account_id
     where at_hand > 0 and (h.state = 'posted' or a.kind is distinct from 'member') limit 1;
    if wrong is not null then
        raise exception 'hold % is not of a member''s account, or posted without a transfer', wrong
            using errcode = 'check_violation', constraint = 'hold_begins_unposted';
    end if;

    update account a set held_minutes = a.held_minutes + n.minutes
      from (select account_id, sum(minutes) as minutes from asked
             where state = 'held' group by account_id) n
     where a.id = n.account_id and at_hand > 0;

    select account_id into wrong from overspent
     where account_id in (select account_id from asked where state = 'held') and at_hand > 0
     limit 1;
    if wrong is not null then
        raise exception 'account % has not the minutes to be held', wrong
            using errcode = 'check_violation', constraint = 'hold_within_limit';
    end if;
    return null;
end
$$;
create trigger hold_reserves after insert on hold referencing new table as asked
    for each statement execute function apply_new_holds();


create function apply_changed_holds() returns trigger language plpgsql
    set plan_cache_mode = force_custom_plan as $$
declare
    at_hand integer;
    wrong uuid;
    sound integer;
begin
    if pg_trigger_depth() > 1 then
        return null; -- a posting frees what it posts itself, with the rest of the account
    end if;
    select count(*) into at_hand from changed;
    perform from account where id in (select account_id from changed) and at_hand > 0
      order by id for no key update;

    select count(*) into sound from replaced b join changed c
        on c.id = b.id and c.account_id = b.account_id and c.exchange_id = b.exchange_id
       and c.fund_minutes = b.fund_minutes and c.region = b.region and b.state = 'held'
       and (c.state = 'held' or (c.state = 'released' and c.minutes = b.minutes));
    if sound <> at_hand then
        raise exception 'a hold can only be enlarged, lessened or released, while it is held'
            using errcode = 'check_violation', constraint = 'hold_ends_once';
    end if;

    update account a set held_minutes = a.held_minutes + n.minutes
      from (select b.account_id,
                   sum(case c.state when 'held' then c.minutes else 0 end - b.minutes) as minutes
              from replaced b join changed c on c.id = b.id group by b.account_id) n
     where a.id = n.account_id and at_hand > 0;

    select o.account_id into wrong from overspent o
     where o.account_id in (select b.account_id from replaced b join changed c on c.id = b.id
                             where c.minutes > b.minutes and at_hand > 0) limit 1;
    if wrong is not null then
        raise exception 'account % has not the minutes to be held', wrong
            using errcode = 'check_violation', constraint = 'hold_within_limit';
    end if;
    return null;
end
$$;
create trigger hold_frees after update on hold
    referencing old table as replaced new table as changed
    for each statement execute function apply_changed_holds();


create function post_transfers() returns trigger language plpgsql
    set plan_cache_mode = force_custom_plan as $$
declare
    at_hand integer;
    of_exchanges integer;
    of_funds integer;
    reversals integer;
    matched integer;
    wrong uuid;
begin
    select count(*), count(*) filter (where kind = 'exchange'),
           count(*) filter (where kind in ('donation', 'fund')),
           count(*) filter (where kind = 'reversal')
      into at_hand, of_exchanges, of_funds, reversals from posted;

    perform from account
      where id in (select from_account_id from posted union select to_account_id from posted)
        and at_hand > 0
      order by id for no key update;

    -- Each kind runs between its own kinds of account; an unknown account is no kind.
    select t.id into wrong from posted t
      left join account payer on payer.id = t.from_account_id
      left join account payee on payee.id = t.to_account_id
     where coalesce(case t.kind
        when 'exchange' then payer.kind = 'member' and payee.kind = 'member'
        when 'reversal' then payer.kind = 'member' and payee.kind = 'member'
        when 'grant' then payer.kind = 'issue' and payee.kind = 'member'
        when 'donation' then payer.kind = 'member' and payee.kind = 'fund'
        when 'fund' then (payer.kind = 'fund' and payee.kind = 'member')
                      or (payer.kind = 'member' and payee.kind = 'fund')
        when 'leaving' then (payer.kind = 'fund' and payee.closed_at is not null)
                         or (payer.closed_at is not null and payee.kind = 'fund')
     end, false) is false and at_hand > 0 limit 1;
    if wrong is not null then
        raise exception 'transfer % runs between accounts its kind does not allow', wrong
            using errcode = 'check_violation', constraint = 'transfer_between_right_accounts';
    end if;

    if of_exchanges > 0 then
        update hold h set state = 'posted', posted_minutes = t.minutes, ended_at = t.posted_at
          from posted t
         where t.kind = 'exchange' and h.id = t.hold_id and h.state = 'held'
           and h.account_id = t.from_account_id and h.exchange_id = t.exchange_id
           and t.minutes <= h.minutes and at_hand > 0;
        get diagnostics matched = row_count;
        if matched <> of_exchanges then
            raise exception 'an exchange is posted only against its own hold, once, up to its minutes'
                using errcode = 'check_violation', constraint = 'transfer_against_hold';
        end if;
    end if;

    if reversals > 0 then
        select count(*) into matched from posted t join transfer o on o.id = t.reverses_transfer_id
         where t.kind = 'reversal' and o.kind = 'exchange' and o.exchange_id = t.exchange_id
           and o.minutes = t.minutes and o.from_account_id = t.to_account_id
           and o.to_account_id = t.from_account_id and at_hand > 0;
        if matched <> reversals then
            raise exception 'a reversal takes back the whole of one exchange''s transfer'
                using errcode = 'check_violation', constraint = 'transfer_reverses_another';
        end if;
    end if;

    -- Credits before debits, so that no running balance is lower than the last one.
    insert into entry (account_id, version, transfer_id, minutes, balance_before, balance_after)
    select a.id, a.version + leg.place, leg.transfer_id, leg.minutes,
           a.balance_minutes + leg.running - leg.minutes, a.balance_minutes + leg.running
      from (select l.account_id, l.transfer_id, l.minutes,
                   row_number() over in_account as place, sum(l.minutes) over in_account as running
              from (select to_account_id as account_id, id as transfer_id, minutes from posted
                    union all
                    select from_account_id, id, -minutes from posted) l
            window in_account as (partition by l.account_id order by l.minutes < 0, l.transfer_id
                                  rows unbounded preceding)) leg
      join account a on a.id = leg.account_id
     where at_hand > 0;

    update account a
       set balance_minutes = a.balance_minutes + n.minutes,
           held_minutes = a.held_minutes - n.freed,
           version = a.version + n.entries
      from (select l.account_id, sum(l.minutes) as minutes, sum(l.freed) as freed,
                   count(*) as entries
              from (select to_account_id as account_id, minutes, 0 as freed from posted
                    union all
                    select t.from_account_id, -t.minutes, coalesce(h.minutes, 0)
                      from posted t
                      left join hold h on t.kind = 'exchange' and h.id = t.hold_id) l
             group by l.account_id) n
     where a.id = n.account_id and at_hand > 0;

    -- Limits bind spending: what was held before, and what is taken back, is never refused.
    if of_funds > 0 then
        select o.account_id into wrong from overspent o
         where o.account_id in (
                select t.from_account_id from posted t
                  join account payer on payer.id = t.from_account_id
                 where t.kind = 'donation' or (t.kind = 'fund' and payer.kind = 'fund'))
           and at_hand > 0 limit 1;
        if wrong is not null then
            raise exception 'account % would be taken below its limit', wrong
                using errcode = 'check_violation', constraint = 'transfer_within_limit';
        end if;
    end if;
    return null;
end
$$;
create trigger transfer_posts after insert on transfer referencing new table as posted
    for each statement execute function post_transfers();


create function apply_limit_change() returns trigger language plpgsql as $$
begin
    if new.account_id is not null then
        select own_floor_minutes into new.floor_before_minutes from account
         where id = new.account_id and kind <> 'issue' for no key update;
        if not found then
            raise exception 'account % has no limit to change', new.account_id
                using errcode = 'check_violation', constraint = 'limit_of_a_limited_account';
        end if;
        update account set own_floor_minutes = new.floor_minutes where id = new.account_id;
    else
        select floor_minutes into new.floor_before_minutes from region
         where slug = new.region for no key update;
        update region set floor_minutes = new.floor_minutes,
               starter_grant_minutes = coalesce(new.starter_grant_minutes, starter_grant_minutes)
         where slug = new.region;
    end if;
    return new;
end
$$;
create trigger limit_change_takes_effect before insert on limit_change
    for each row execute function apply_limit_change();
