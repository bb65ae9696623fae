"""What the audit reads of exchanges and concerns: statements giving one line a row.

The questions about who, whom, when and what are asked around them by the bus, which pushes them
down into the tables; so each column that is looked for stands here as its table has it.
"""

from typing import LiteralString

RULINGS: LiteralString = """
    select md5('step/' || s.exchange_id || '/' || s.version)::uuid as id, s.at,
        s.actor_id as actor, case when s.actor_id is null then 'rule' else 'member' end as hand,
        case s.action when 'resolve' then 'resolve_dispute' when 'reverse' then 'reverse_exchange'
            when 'escalate' then 'escalate_dispute' else 'settle_dispute' end as action,
        'exchange' as about, s.exchange_id as subject, e.giver_id as one, e.receiver_id as other,
        array[e.giver_id, e.receiver_id] as people,
        case when s.action = 'reverse' and s.state = 'settled' then 'asked for'
            when s.action = 'reverse' then s.minutes || ' minutes'
            when s.action = 'resolve' and next.state = 'cancelled' then 'cancelled'
            when s.action = 'resolve' or s.state = 'completed' then s.minutes || ' minutes'
            when s.state = 'cancelled' then 'cancelled' end as detail,
        s.reason, e.region
    from exchange_step s
    join exchange e on e.id = s.exchange_id
    -- Of a ruling the history has two steps: why, and what came of it.
    left join exchange_step next on s.action = 'resolve'
        and next.exchange_id = s.exchange_id and next.version = s.version + 1
    where s.action in ('resolve', 'reverse', 'escalate', 'settle_lower')
        and (s.action <> 'resolve' or s.state = 'disputed')
"""
"""What representatives decided about two people, and what the clock did where nobody decided."""

FOR_MEMBERS: LiteralString = """
    select md5('for/' || f.exchange_id || '/' || f.version)::uuid as id, f.at,
        f.actor_id as actor, 'member' as hand, 'step_for_member' as action,
        'exchange' as about, f.exchange_id as subject, f.member_id as one, null::uuid as other,
        array[f.member_id] as people, s.action as detail, s.reason, e.region
    from step_for_member f
    join exchange_step s on s.exchange_id = f.exchange_id and s.version = f.version
    join exchange e on e.id = f.exchange_id
"""
"""Steps a representative took for one of the two."""

BY_SYSTEMS: LiteralString = """
    select md5('system/' || c.exchange_id || '/' || c.version)::uuid as id, c.at,
        c.client_id as actor, 'system' as hand, 'step_by_system' as action,
        'exchange' as about, c.exchange_id as subject, c.member_id as one, null::uuid as other,
        array[c.member_id] as people, c.action as detail, null::text as reason, e.region
    from client_act c
    join exchange e on e.id = c.exchange_id
"""
"""Steps another system took in a member's name."""

CONCERNS: LiteralString = """
    select md5('concern/' || s.concern_id || '/' || s.version)::uuid as id, s.at,
        s.actor_id as actor, case when s.actor_id is null then 'rule' else 'member' end as hand,
        s.action || '_concern' as action, 'concern' as about, s.concern_id as subject,
        case when %(national)s then c.about_id end as one,
        case when %(national)s then c.raised_by end as other,
        case when %(national)s then array[c.about_id] else '{}' end as people,
        c.severity as detail, null::text as reason, c.region
    from concern_step s
    join concern c on c.id = s.concern_id
    where s.action <> 'raise' and %(reader)s::uuid not in (c.about_id, c.raised_by)
"""
"""What was done about concerns: never a word of what was said, to the Senate nobody's name but
who did it, and nothing to whoever is in it."""
