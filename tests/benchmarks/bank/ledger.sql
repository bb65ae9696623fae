-- Grants, holds, transfers with their entries, and the accounts they add up to.
insert into hold (id, exchange_id, account_id, minutes, state, available_minutes, posted_minutes,
                  region, asked_at, ended_at)
select md5('hold ' || d.n)::uuid, d.id, r.id, d.minutes,
       case when d.booked then 'held' else 'posted' end, grant_minutes,
       case when not d.booked then d.minutes end, r.region, moment,
       case when not d.booked then moment end
  from size, deal d join person r on r.n = d.receiver
 cross join lateral (select pg_temp.moment(d.ms) as moment) at;

insert into transfer (id, kind, from_account_id, to_account_id, minutes, region, posted_at,
                      correlation_id, reason)
select md5('grant ' || n)::uuid, 'grant', issue.id, person.id, grant_minutes, person.region,
       pg_temp.moment(first_ms - 1000), 'grant ' || n, 'starter_grant'
  from size, account issue, person where issue.kind = 'issue';

insert into transfer (id, kind, exchange_id, hold_id, from_account_id, to_account_id, minutes,
                      region, posted_at, correlation_id)
select md5('transfer ' || d.n)::uuid, 'exchange', d.id, md5('hold ' || d.n)::uuid, r.id, g.id,
       d.minutes, r.region, pg_temp.moment(d.ms), d.id::text
  from deal d
  join person r on r.n = d.receiver
  join person g on g.n = d.giver
 where not d.booked;

-- In the order of time, as they would have come: an account's entries lie far apart.
insert into entry (account_id, version, transfer_id, minutes, balance_before, balance_after)
select account_id, version, transfer_id, minutes, balance - minutes, balance
  from (select account_id, transfer_id, minutes, posted_at, row_number() over w as version,
               sum(minutes) over w as balance
          from (select to_account_id as account_id, id as transfer_id, minutes, posted_at
                  from transfer
                union all
                select from_account_id, id, -minutes, posted_at from transfer) leg
        window w as (partition by account_id order by posted_at, transfer_id
                     rows unbounded preceding)) run
 order by posted_at;

insert into account (id, kind, region, balance_minutes, held_minutes, version, opened_at)
select p.id, 'member', p.region, e.minutes, coalesce(h.minutes, 0), e.entries,
       pg_temp.moment(p.ms)
  from person p
  join (select account_id, sum(minutes) as minutes, count(*) as entries from entry
         group by account_id) e on e.account_id = p.id
  left join (select account_id, sum(minutes) as minutes from hold where state = 'held'
              group by account_id) h on h.account_id = p.id;

update account set balance_minutes = -members * grant_minutes, version = members
  from size where kind = 'issue';
