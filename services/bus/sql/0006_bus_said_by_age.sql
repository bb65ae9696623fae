-- transactional: false
-- Finds what has been kept for its days, and what was said in a time: by a tree.
-- depends: 0005_bus_parked

-- A row is written once, in the order of its time, so each goes to the right edge of the tree,
-- which is always at hand. The index before knew of every sixteen pages their oldest and newest
-- moment, and no deleting or vacuuming ever narrows that: after a week all of them held something
-- old, and whoever looked for the few old rows read the whole table.
drop index concurrently if exists said_by_age;
create index concurrently said_by_age on said (said_at);
drop index concurrently if exists said_by_time;
