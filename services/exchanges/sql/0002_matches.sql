-- What matching needs beside the listings, and what keeps reading the newest of many short.

create extension if not exists pg_trgm;

-- Milestones: one open listing in 256, by the last byte of its id, which is random. The nth of
-- them lies some 256 * n listings behind the newest and is found in a moment.
create index listing_milestone on listing (id)
    where state = 'open' and get_byte(uuid_send(id), 15) = 0;
-- Which pages of the table hold the listings between two milestones.
create index listing_age on listing using brin (id)
    with (pages_per_range = 32, autosummarize = on);
-- What is offered, or asked for, in a region.
create index listing_region on listing (region, kind, id) where state = 'open';

-- Every word that listings use, so that a misspelt one finds its neighbours.
create table listing_word (
    word text primary key
);
insert into listing_word (word)
select word from ts_stat('select search from listing') where length(word) between 3 and 40;
create index listing_word_alike on listing_word using gin (word gin_trgm_ops);

-- What members have said of the owners of listings: what they can give and would like. Asked of
-- the members service whenever a newer version was heard of than is known.
create table owner_profile (
    member_id uuid primary key,
    region text not null,               -- whose pools ask
    heard integer not null,             -- the newest version heard of
    known integer not null default 0,   -- the version of what stands here; 0: not asked yet
    skills_offered text[] not null default '{}',
    skills_wanted text[] not null default '{}',
    offered tsvector not null generated always as (
        to_tsvector('english', skills_as_text(skills_offered))) stored,
    wanted tsvector not null generated always as (
        to_tsvector('english', skills_as_text(skills_wanted))) stored
);
create index owner_profile_to_ask on owner_profile (region) where known < heard;
insert into owner_profile (member_id, region, heard)
select distinct on (owner_id) owner_id, region, 1 from listing where state in ('open', 'paused')
 order by owner_id, id desc;
