-- Who brought whom: each member has one invitation to hand on, as a link or printed.
-- depends: 0003_members_sessions

create table invitation (
    member_id uuid primary key references member (id),
    -- Shown to its owner again and again, so it is kept as it is; it signs nobody in.
    token text not null unique check (length(token) between 16 and 64),
    made_at timestamptz not null
);

-- Null for who came by themselves, or before there were invitations.
alter table member add column invited_by uuid references member (id);
alter table member add check (invited_by <> id);
-- Whom somebody has brought.
create index member_by_inviter on member (invited_by) where invited_by is not null;
