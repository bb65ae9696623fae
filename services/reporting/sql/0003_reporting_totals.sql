-- Totals that took long to count, for whoever asks next: copies, counted again by the clock.
-- depends: 0001_reporting
create table kept_total (
    question text primary key,          -- grouping, days and region, as JSON
    answer jsonb not null,
    counted_at timestamptz not null,
    asked_at timestamptz not null       -- within the hour: it is not written at every look
);
-- What is to be counted again.
create index kept_total_by_age on kept_total (counted_at);
