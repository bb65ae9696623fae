-- What a member lets others see of them, beyond what helping each other needs.
-- depends: 0010_members_addresses

alter table member
    add column shows_employer boolean not null default true,
    add column shows_email boolean not null default true;

create or replace view person as
select
    m.id, m.email, m.name, m.about, m.skills_offered, m.skills_wanted,
    m.organisation_code, coalesce(o.name, m.organisation_written) as organisation_name,
    m.region, m.status, m.version, m.joined_at,
    array(
        select g.role from role_grant g
        where g.member_id = m.id and g.revoked_at is null
        order by g.role
    ) as granted,
    m.shows_employer, m.shows_email
from member m
left join organisation o on o.code = m.organisation_code;
