-- Listings, exchanges and their histories, and what is known of the owners.
insert into listing (id, version, owner_id, kind, title, description, category, pathway, minutes,
                     online, skills, state, region, organisation, published_at, expires_at)
select pg_temp.id_at(first_ms + l.n * (span_ms / listings), 'listing ' || l.n), 1, owner.id,
       case when mod(l.n, 4) = 0 then 'request' else 'offer' end,
       verbs[1 + mod(l.n / 61, cardinality(verbs))] || ' ' || topics[1 + mod(l.n, cardinality(topics))],
       'An hour on ' || topics[1 + mod(l.n, cardinality(topics))] || ' for '
           || whom[1 + mod(l.n / 7, cardinality(whom))] || ', with time for questions about '
           || topics[1 + mod(l.n * 31 + 5, cardinality(topics))] || '.',
       (array['leadership', 'digital-and-data', 'projects', 'coaching-and-mentoring', 'shadowing',
              'problem-solving'])[1 + mod(l.n / 3, 6)],
       null, 60, mod(l.n, 3) > 0,
       array[topics[1 + mod(l.n, cardinality(topics))],
             verbs[1 + mod(l.n / 61, cardinality(verbs))]],
       case when mod(l.n, 5) = 0 then 'closed' else 'open' end, owner.region, 'RJ1',
       pg_temp.moment(first_ms + l.n * (span_ms / listings)),
       now() + interval '5 years' -- else the sweeper would close them all while we measure
  from size, words, generate_series(0, listings - 1) l (n)
  join person owner on owner.n = 2 * l.n;

insert into exchange (id, version, listing_id, title, category, giver_id, receiver_id, asker_id,
                      region, giver_region, receiver_region, giver_organisation,
                      receiver_organisation, recorded, requested_at, sent_at, state, next_actor,
                      actor_id, minutes, stated_minutes, held_minutes, attempt, from_fund, ruled,
                      sequence, entered_at, deadline, booked_at, completed_at, settled_at)
select d.id, case when d.booked then 3 else 6 end,
       pg_temp.id_at(first_ms + mod(d.n, listings) * (span_ms / listings),
                     'listing ' || mod(d.n, listings)),
       'An hour of help', 'digital-and-data', g.id, r.id, r.id, r.region, g.region, r.region,
       'RJ1', 'RJ1', false, moment, moment, case when d.booked then 'booked' else 'settled' end,
       case when d.booked then 'both' end, g.id, d.minutes,
       case when not d.booked then d.minutes end, d.minutes, 1, false, false, 0, moment,
       case when d.booked then now() + interval '5 years' end, moment,
       case when not d.booked then moment end, case when not d.booked then moment end
  from size, deal d
  join person r on r.n = d.receiver
  join person g on g.n = d.giver
 cross join lateral (select pg_temp.moment(d.ms) as moment) at;

insert into exchange_step (exchange_id, version, action, actor_id, state, minutes, at)
select e.id, v, (array['ask', 'accept', 'held', 'done', 'confirm', 'posted'])[v],
       case when v in (1, 5) then e.receiver_id when v in (2, 4) then e.giver_id end,
       (array['requested', 'accepted', 'booked', 'awaiting_confirmation', 'completed',
              'settled'])[v],
       e.minutes, e.entered_at
  from exchange e cross join generate_series(1, 6) v where v <= e.version;

-- The same skills as members has, see members.sql.
insert into owner_profile (member_id, region, heard, known, skills_offered, skills_wanted)
select id, region, 1, 1, array[topics[1 + mod(n / 2, cardinality(topics))]],
       array[topics[1 + mod(n * 13 + 5, cardinality(topics))]]
  from words, person where mod(n, 2) = 0;

insert into listing_word (word)
select distinct lower(word)
  from words, unnest(topics || verbs || whom) phrase, regexp_split_to_table(phrase, '\s+') word
 where length(word) between 3 and 40
    on conflict do nothing;
