-- pgbench: one event in one transaction; `share` events belong to each client.
\set n :n + 1
\set number :client_id * :share + :n
select event_id, exchange_id, hold_id, giver_id, receiver_id, minutes, transfer_id, outbox_id
  from feed where number = :number \gset
begin;
with claim as (
    insert into inbox (event_id) values (:event_id) on conflict do nothing returning 1
) select count(*) as fresh from claim \gset
\if :fresh
select count(*) as locked from (
    select id from account where id in (:giver_id, :receiver_id) order by id for no key update
) both_accounts \gset
select minutes as held from hold
 where id = :hold_id and state = 'held' and minutes >= :minutes \gset
update hold set state = 'posted' where id = :hold_id;
insert into transfer (id, exchange_id, hold_id, from_account_id, to_account_id, minutes)
values (:transfer_id, :exchange_id, :hold_id, :receiver_id, :giver_id, :minutes);
insert into entry (account_id, version, transfer_id, minutes, balance_before, balance_after)
select a.id, a.version + 1, :transfer_id, leg.minutes, a.balance_minutes,
       a.balance_minutes + leg.minutes
  from (values (:giver_id::uuid, :minutes::bigint), (:receiver_id::uuid, -:minutes::bigint))
       leg (account_id, minutes)
  join account a on a.id = leg.account_id;
update account a
   set balance_minutes = a.balance_minutes + leg.minutes, held_minutes = a.held_minutes - leg.freed,
       version = a.version + 1
  from (values (:giver_id::uuid, :minutes::bigint, 0::bigint),
               (:receiver_id::uuid, -:minutes::bigint, :held::bigint))
       leg (account_id, minutes, freed)
 where a.id = leg.account_id
   and (leg.minutes > 0
        or a.balance_minutes + leg.minutes >= a.floor_minutes + a.held_minutes - leg.freed);
insert into outbox (id, body) values (:outbox_id, json_build_object(
    'transfer_id', :transfer_id::uuid, 'exchange_id', :exchange_id::uuid,
    'giver_id', :giver_id::uuid, 'receiver_id', :receiver_id::uuid,
    'minutes', :minutes::integer)::text);
\endif
commit;
