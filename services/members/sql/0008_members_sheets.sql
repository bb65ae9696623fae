-- Tables of people that representatives bring: looked at first, then done; and who was invited.
-- depends: 0007_members_representatives

create table sheet (
    id uuid primary key,
    kind text not null check (kind in ('invitations', 'members')),
    made_by uuid not null references member (id),
    made_at timestamptz not null,
    done_at timestamptz check (done_at >= made_at)
);
-- Clearing away what is old: a table holds names and addresses.
create index sheet_by_age on sheet (made_at);

create table sheet_row (
    sheet_id uuid not null references sheet (id) on delete cascade,
    number integer not null check (number > 1),     -- the heading is the first
    cells jsonb not null,
    outcome text not null check (outcome in ('wrong', 'ready', 'done', 'nothing')),
    code text not null,
    text text not null,
    member_id uuid references member (id),          -- who joined by it
    primary key (sheet_id, number)                  -- also the order they are shown in
);

create table invitee (
    id uuid primary key,
    email text not null check (length(email) between 3 and 254),
    name text not null check (length(name) <= 200),
    region text not null references region (slug),
    invited_by uuid not null references member (id),
    invited_at timestamptz not null,
    times integer not null default 1 check (times > 0)
);
-- One row for each address, whoever invites it: that is what keeps it from being written to often.
create unique index invitee_by_email on invitee (lower(email));
create index invitee_by_age on invitee (invited_at);

-- More is written down now than decisions. Still nobody decides about themselves.
alter table audit drop constraint audit_action_check;
alter table audit add constraint audit_action_known check (action ~ '^[a-z][a-z_]{1,39}$');
alter table audit drop constraint audit_check;
alter table audit add constraint audit_not_about_oneself check (
    actor is null or actor <> subject or action not in ('approve', 'refuse', 'grant', 'revoke'));
