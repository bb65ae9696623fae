"""What the audit reads of members and systems: statements giving one line a row.

The questions about who, whom, when and what are asked around them by the bus, which pushes them
down into the tables; so each column that is looked for stands here as its table has it.
"""

from typing import LiteralString

ABOUT_PEOPLE: LiteralString = """
    select a.id, a.at, a.actor, case when a.actor is null then 'operator' else 'member' end as hand,
        a.action, 'member' as about, a.subject, a.subject as one, null::uuid as other,
        array[a.subject] as people, a.detail, a.reason,
        -- A role or a cover is about its region, wherever its holder lives.
        case when a.action in ('name_cover', 'end_cover') then a.detail
            when a.detail like 'rep:%%' then substr(a.detail, 5)
            else coalesce(m.region, 'national') end as region
    from audit a
    left join member m on m.id = a.subject
    where a.action not in ('import_people', 'invite_people', 'export_audit')
"""
"""What was decided about somebody."""

ABOUT_NOBODY: LiteralString = """
    select id, at, actor, case when actor is null then 'operator' else 'member' end as hand,
        action, 'none' as about, subject, null::uuid as one, null::uuid as other,
        '{}'::uuid[] as people, detail, reason, 'national' as region
    from audit
    where action in ('import_people', 'invite_people', 'export_audit')
"""
"""What was done with many at once; each of them has lines of their own."""

ABOUT_SYSTEMS: LiteralString = """
    select id, at, actor, case when actor is null then 'operator' else 'member' end as hand,
        action, 'system' as about, client_id as subject, client_id as one, null::uuid as other,
        '{}'::uuid[] as people, detail, reason, 'national' as region
    from client_audit
"""
"""What was decided about other systems."""
