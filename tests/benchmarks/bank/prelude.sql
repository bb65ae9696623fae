-- Who is in the bank; the formulas of size.py. pg_temp.sizes() is made before this.
set local session_replication_role = replica; -- no trigger, no foreign key: the check comes after
set local work_mem = '384MB';
set local maintenance_work_mem = '768MB';
set local synchronous_commit = off;

create function pg_temp.id_at(ms bigint, salt text) returns uuid
    language sql immutable parallel safe as $$
    select (lpad(to_hex(ms), 12, '0') || '7' || substr(md5(salt), 1, 3) || '8'
            || substr(md5(salt), 4, 15))::uuid $$;
create function pg_temp.moment(ms bigint) returns timestamptz
    language sql immutable parallel safe as $$ select to_timestamp(ms / 1000.0) $$;

create temp table person as
select n, first_ms + n * (span_ms / members) as ms,
       pg_temp.id_at(first_ms + n * (span_ms / members), 'person ' || n) as id,
       regions[1 + mod(n, cardinality(regions))] as region
  from size, generate_series(0, members - 1) n;
analyze person;

-- Everybody receives equally often; the busy ones give a tenth of all there is.
create temp table deal as
select n, ms, id, minutes, booked, receiver,
       case when giver = receiver then mod(giver + 1, members) else giver end as giver
  from (select n, members, first_ms + n * (span_ms / exchanges) as ms,
               pg_temp.id_at(first_ms + n * (span_ms / exchanges), 'exchange ' || n) as id,
               (15 * (1 + mod(n, 4)))::integer as minutes,
               mod(n, 100) = 7 as booked, -- still to happen; the others are settled
               mod(n, members) as receiver,
               case when mod(n, 10) = 0 then mod(n / 10, busy)
                    else mod(n * 7919 + n / members * 104729 + 1, members) end as giver
          from size, generate_series(0, exchanges - 1) n) drawn;
analyze deal;
