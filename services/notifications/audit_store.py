"""What the audit reads of subscriptions: statements giving one line a row.

The questions about who, whom, when and what are asked around them by the bus, which pushes them
down into the table; so each column that is looked for stands here as its table has it.
"""

from typing import LiteralString

ASKED: LiteralString = """
    select id, created_at as at, owner_id as actor, 'member' as hand,
        'ask_subscription' as action, 'subscription' as about, id as subject,
        owner_id as one, null::uuid as other, array[owner_id] as people, name as detail,
        null::text as reason, 'national' as region
    from subscription
"""
"""Other systems that wish to hear of events."""

APPROVED: LiteralString = """
    select md5('approved/' || id)::uuid as id, approved_at as at, approved_by as actor,
        'member' as hand, 'approve_subscription' as action, 'subscription' as about,
        id as subject, owner_id as one, null::uuid as other, array[owner_id] as people,
        name as detail, approved_because as reason, 'national' as region
    from subscription
    where approved_at is not null
"""

ENDED: LiteralString = """
    select md5('ended/' || id)::uuid as id, ended_at as at, ended_by as actor,
        -- Who took one back was not kept at first: a member, whoever it was.
        case when ended_by is null and end_reason <> 'withdrawn' then 'rule' else 'member' end
            as hand,
        'end_subscription' as action, 'subscription' as about,
        id as subject, owner_id as one, null::uuid as other, array[owner_id] as people,
        name as detail,
        coalesce(ended_because, case end_reason when 'owner_left' then 'Its owner left.'
            when 'gone' then 'Its receiver said that it is gone.'
            when 'unreachable' then 'Its receiver could not be reached.' end) as reason,
        'national' as region
    from subscription
    where ended_at is not null
"""
