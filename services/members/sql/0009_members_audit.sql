-- What was decided about people and about systems, as one list to be searched.
-- depends: 0008_members_sheets

create view audit_line as
select id, at, actor, action, subject, detail, reason,
    case when action in ('import_people', 'invite_people', 'export_audit') then 'none'
        else 'member' end as about
from audit
union all
select id, at, actor, action, client_id, detail, reason, 'system' from client_audit;

-- The list is read from its newest end, whole or of one person, subject or kind; each of these
-- is one walk along one index, however long the list has become.
create index audit_in_time on audit (at, id);
create index audit_of_actor on audit (actor, at, id);
create index audit_about on audit (subject, at, id);
create index audit_of_kind on audit (action, at, id);
create index client_audit_in_time on client_audit (at, id);
create index client_audit_of_actor on client_audit (actor, at, id);
create index client_audit_about on client_audit (client_id, at, id);
create index client_audit_of_kind on client_audit (action, at, id);
