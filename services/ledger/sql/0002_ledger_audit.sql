-- transactional: false
-- What the audit reads: limits that were changed, and minutes given rather than earned.
-- depends: 0001_ledger

-- Made beside whoever is served: everybody who leaves has a change of limit, everything that
-- moves is a transfer. None of them grows by an exchange, which so costs what it did.
drop index concurrently if exists limit_change_in_time;
create index concurrently limit_change_in_time on limit_change (valid_from)
    where author_id is not null or reason <> 'left';
drop index concurrently if exists limit_change_by_author;
create index concurrently limit_change_by_author on limit_change (author_id, valid_from)
    where author_id is not null;
drop index concurrently if exists transfer_given;
create index concurrently transfer_given on transfer (kind, posted_at)
    where kind in ('grant', 'donation', 'fund', 'leaving')
        and (kind <> 'grant' or reason is distinct from 'starter_grant');
drop index concurrently if exists transfer_given_by_hand;
create index concurrently transfer_given_by_hand on transfer (posted_at)
    where kind = 'grant' and reason is distinct from 'starter_grant'
        and reason is distinct from 'opening_balance';
drop index concurrently if exists transfer_given_by_author;
create index concurrently transfer_given_by_author on transfer (author_id, posted_at)
    where kind in ('grant', 'donation', 'fund', 'leaving')
        and (kind <> 'grant' or reason is distinct from 'starter_grant');
drop index concurrently if exists transfer_given_from;
create index concurrently transfer_given_from on transfer (from_account_id, posted_at)
    where kind in ('grant', 'donation', 'fund', 'leaving')
        and (kind <> 'grant' or reason is distinct from 'starter_grant');
drop index concurrently if exists transfer_given_to;
create index concurrently transfer_given_to on transfer (to_account_id, posted_at)
    where kind in ('grant', 'donation', 'fund', 'leaving')
        and (kind <> 'grant' or reason is distinct from 'starter_grant');
