"""What the audit reads of limits and of minutes given: statements giving one line a row.

The questions about who, whom, when and what are asked around them by the bus, which pushes them
down into the tables; so each column that is looked for stands here as its table has it.
"""

from typing import LiteralString

LIMITS: LiteralString = """
    select c.id, c.valid_from as at, c.author_id as actor,
        case when c.author_id is null then 'operator' else 'member' end as hand,
        'change_limit' as action, case when c.region is null then 'member' else 'region' end
            as about,
        coalesce(c.account_id, c.id) as subject, c.account_id as one, null::uuid as other,
        array_remove(array[c.account_id], null) as people,
        concat_ws('; ',
            coalesce('may owe ' || -c.floor_minutes || ' minutes', 'follows the region again'),
            'before ' || -c.floor_before_minutes,
            'begins with ' || c.starter_grant_minutes || ' minutes') as detail,
        c.reason, coalesce(c.region, a.region) as region
    from limit_change c
    left join account a on a.id = c.account_id
    where c.author_id is not null or c.reason <> 'left'
"""
"""How much somebody may owe; not that whoever leaves may owe nothing, which nobody decided."""

_GIVEN: LiteralString = """
    select id, posted_at as at, author_id as actor,
        case when author_id is not null then 'member'
            when kind = 'grant' then 'operator' else 'rule' end as hand,
        case when kind = 'donation' then 'donate'
            when reason = 'opening_balance' then 'opening_balance'
            when kind = 'grant' then 'grant_minutes'
            when kind = 'leaving' then 'leave_balance'
            when reason in ('not_needed', 'reversed') then 'back_to_fund'
            else 'from_fund' end as action,
        'member' as about,
        -- The issue account and the fund have the last ids there are: the other is the member.
        least(from_account_id, to_account_id) as subject,
        from_account_id as one, to_account_id as other,
        array[least(from_account_id, to_account_id)] as people,
        minutes || case when reason = 'debt_absorbed' then ' minutes owed' else ' minutes' end
            as detail,
        case when kind = 'grant' and reason <> 'opening_balance' then reason end as reason,
        region
    from transfer
    where kind in ('grant', 'donation', 'fund', 'leaving')
        and (kind <> 'grant' or reason is distinct from 'starter_grant')
"""
"""Every minute that was given rather than earned, but for the hour everybody begins with. What
exchanges move is decided there."""

# One statement a kind: each has a part of the index to itself, in the order of time.
DONATED: LiteralString = f"{_GIVEN} and kind = 'donation'"
OF_THE_FUND: LiteralString = f"{_GIVEN} and kind = 'fund'"
LEFT_BEHIND: LiteralString = f"{_GIVEN} and kind = 'leaving'"
BROUGHT: LiteralString = f"{_GIVEN} and kind = 'grant' and reason = 'opening_balance'"
BY_HAND: LiteralString = f"""{_GIVEN} and kind = 'grant'
        and reason is distinct from 'starter_grant' and reason is distinct from 'opening_balance'
"""
"""What no rule of ours posts."""
