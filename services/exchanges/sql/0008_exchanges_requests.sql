-- The words of requests by themselves: far fewer listings are requests than offers, and whoever
-- looks for people they could help read both. A look takes a third of the time (docs/matching.md).
-- depends: 0001_exchanges

create index listing_search_requests on listing using gin (search)
    where state = 'open' and kind = 'request';
