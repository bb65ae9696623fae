-- What the audit reads: steps taken for members are found by when they were taken and by whom.
-- depends: 0003_exchanges_representatives 0007_exchanges_concerns

-- The step says it already; beside the member it can stand in an index, so that the newest are
-- one walk, however many there are. Old processes do not know the columns: the database fills them.
alter table step_for_member add column at timestamptz;
alter table step_for_member add column actor_id uuid;

create function step_for_member_is_dated() returns trigger language plpgsql as $$
begin
    select at, actor_id into new.at, new.actor_id from exchange_step
     where exchange_id = new.exchange_id and version = new.version;
    return new;
end $$;
create trigger step_for_member_dated before insert on step_for_member
    for each row execute function step_for_member_is_dated();

-- Few rows: what representatives did by hand. Nothing of what they say changes.
alter table step_for_member disable trigger step_for_member_is_append_only;
update step_for_member f set at = s.at, actor_id = s.actor_id
  from exchange_step s where s.exchange_id = f.exchange_id and s.version = f.version;
alter table step_for_member enable trigger step_for_member_is_append_only;

create index step_for_member_in_time on step_for_member (at);
create index step_for_member_by_actor on step_for_member (actor_id, at);
create index step_for_member_of on step_for_member (member_id, at);

-- Concerns are few, and their steps some to each.
create index concern_step_in_time on concern_step (at) where action <> 'raise';
create index concern_step_by_actor on concern_step (actor_id, at) where action <> 'raise';
create index concern_about on concern (about_id);
