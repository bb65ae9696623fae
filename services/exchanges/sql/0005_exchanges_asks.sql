-- One ask to several givers, of whom the first to say yes helps.
-- depends: 0001_exchanges

-- What was asked for at once carries the same id; nothing else of an ask is to be kept.
alter table exchange add column ask_id uuid;

-- Those who were asked with somebody. Few exchanges have an ask, so it is small.
create index exchange_of_ask on exchange (ask_id) where ask_id is not null;
-- Of one ask one exchange comes about, whatever the code forgot to lock.
create unique index exchange_ask_has_one_giver on exchange (ask_id)
    where ask_id is not null and state in (
        'accepted', 'unfunded', 'booked', 'awaiting_confirmation', 'completed', 'disputed',
        'settled', 'reversed');
