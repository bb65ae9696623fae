-- What the two of an exchange say to each other alone, and what each says of it to nobody else.
-- depends: 0001_exchanges

create table message (
    exchange_id uuid not null references exchange (id),
    -- Counted while the exchange is held, so that what was seen is everything up to a number.
    number integer not null check (number > 0),
    author_id uuid not null,
    text text check (length(text) between 1 and 2000),  -- null: its author has left
    written_at timestamptz not null,
    primary key (exchange_id, number)
);
-- What is erased when its author leaves.
create index message_author on message (author_id) where text is not null;

-- Up to which message each of the two has looked: what is behind it, nobody is told of again.
create table message_seen (
    exchange_id uuid not null references exchange (id),
    member_id uuid not null,
    number integer not null check (number > 0),
    primary key (exchange_id, member_id)
);

-- Whether it helped, in the word of one of the two; seen by nobody else.
create table feedback (
    exchange_id uuid not null references exchange (id),
    author_id uuid not null,
    helped text not null check (helped in ('yes', 'partly', 'no')),
    given_at timestamptz not null,
    primary key (exchange_id, author_id)
);
create index feedback_author on feedback (author_id);
