-- Everybody with a name, an address and skills; the last ones of each region still wait to be let
-- in. Whoever has number 1 to 7 represents their region, number 8 is of the national team.
insert into member (id, email, name, about, skills_offered, skills_wanted, organisation_code,
                    region, status, version, joined_at)
select id, 'person.' || n || '@dev.nhs.uk', 'Person ' || n || ' Invented', 'Made up.',
       array[topics[1 + mod(n / 2, cardinality(topics))]],
       array[topics[1 + mod(n * 13 + 5, cardinality(topics))]], 'RJ1', person.region,
       case when n >= members - 70 then 'waiting' else 'approved' end, 1, pg_temp.moment(ms)
  from size, words, person;

insert into member_address (email, member_id) select email, id from member;

insert into role_grant (id, member_id, role, granted_at, reason)
select pg_temp.id_at(ms, 'role ' || n), id,
       case when n = 8 then 'national' else 'rep:' || region end, pg_temp.moment(ms), 'Made up.'
  from person where n between 1 and 8;

insert into client (id, name, organisation, keys, scopes, regions, registered_at)
select pg_temp.id_at(first_ms, 'client'), 'A made-up rota', 'RJ1', '[{"kty": "EC", "kid": "one"}]',
       array['exchanges:book'], regions, pg_temp.moment(first_ms)
  from size;
