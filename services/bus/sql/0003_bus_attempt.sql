-- What is delivered again is begun together the first time, and in ever smaller company after
-- every death: attempts counts how often a message was begun alone.
alter table attempt add column together integer not null default 1;
alter table attempt alter column attempts drop default;
