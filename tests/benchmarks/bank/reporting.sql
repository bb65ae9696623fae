-- The facts reporting would have projected; the log they come from is left out, since no figure
-- is read off it.
insert into member_fact (member_id, version, told_at, status, region, organisation, joined_at)
select id, 1, pg_temp.moment(ms), 'approved', region, 'RJ1', pg_temp.moment(ms) from person;

insert into exchange_fact (exchange_id, version, happened_at, state, listing_id, giver_id,
                           receiver_id, asker_id, minutes, category, pathway, region, giver_region,
                           receiver_region, giver_organisation, receiver_organisation,
                           requested_at, answered_at, booked_at, completed_at)
select d.id, case when d.booked then 3 else 6 end, moment,
       case when d.booked then 'booked' else 'settled' end,
       pg_temp.id_at(first_ms + mod(d.n, listings) * (span_ms / listings),
                     'listing ' || mod(d.n, listings)),
       g.id, r.id, r.id, d.minutes, 'digital-and-data', null, r.region, g.region, r.region,
       'RJ1', 'RJ1', moment, moment, moment, case when not d.booked then moment end
  from size, deal d
  join person r on r.n = d.receiver
  join person g on g.n = d.giver
 cross join lateral (select pg_temp.moment(d.ms) as moment) at;

insert into transfer_fact (transfer_id, kind, exchange_id, minutes, posted_at, region)
select md5('transfer ' || d.n)::uuid, 'exchange', d.id, d.minutes, pg_temp.moment(d.ms), r.region
  from deal d join person r on r.n = d.receiver
 where not d.booked;
