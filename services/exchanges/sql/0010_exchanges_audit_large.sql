-- transactional: false
-- Indexes for the audit on tables that are large already: made beside whoever is served.
-- depends: 0009_exchanges_audit

-- Of every hundred steps one or two are rulings: the newest, and those of one representative.
drop index concurrently if exists exchange_step_rulings;
create index concurrently exchange_step_rulings on exchange_step (at)
    where action in ('resolve', 'reverse', 'escalate', 'settle_lower');
drop index concurrently if exists exchange_step_rulings_by_actor;
create index concurrently exchange_step_rulings_by_actor on exchange_step (actor_id, at)
    where action in ('resolve', 'reverse', 'escalate', 'settle_lower');

-- What systems did lately, and in one member's name.
drop index concurrently if exists client_act_in_time;
create index concurrently client_act_in_time on client_act (at);
drop index concurrently if exists client_act_of;
create index concurrently client_act_of on client_act (member_id, at);
