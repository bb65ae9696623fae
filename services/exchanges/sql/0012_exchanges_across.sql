-- transactional: false
-- A representative's list: what a region gives to others, by state as what it receives. Walked
-- through by giver alone, a state that few are in was looked for in millions of rows.
-- depends: 0001_exchanges

-- Only what crosses a border; exchange_region has the rest. So most writes are spared an index.
drop index concurrently if exists exchange_across;
create index concurrently exchange_across on exchange (giver_region, state, id)
    where giver_region <> region;
-- Nothing else asked by it; a process of the version before finds the same, more slowly.
drop index concurrently if exists exchange_giver_region;
