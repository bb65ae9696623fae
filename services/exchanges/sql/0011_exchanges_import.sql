-- What was brought from an earlier bank, by what it follows from: brought again it is known, and
-- its listing has an id of the time it was published, as all others. Beside the listings, so that
-- writing one costs nothing more.
-- depends: 0001_exchanges

create table listing_import (
    key uuid primary key                -- of owner, kind and title as they were brought
);
