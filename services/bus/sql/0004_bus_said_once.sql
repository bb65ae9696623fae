-- What is said is written once: `said` keeps it from the moment it is decided, the outbox keeps
-- only which of it no broker has confirmed yet. Before, every event was copied from one table
-- to the other, which cost as much as everything else the relay did.
alter table said alter column headers type json using headers::text::json; -- never searched
insert into said (id, region, routing_key, headers, body, said_at)
    select id, region, routing_key, headers::text::json, body, written_at from outbox
    on conflict (id) do nothing;
alter table outbox drop column routing_key, drop column headers, drop column body;

-- For who looks: what is still to be published, in full.
create view unsaid as
    select o.id, o.region, s.routing_key, s.headers, s.body, o.written_at
      from outbox o join said s using (id);
