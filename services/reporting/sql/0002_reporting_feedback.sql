-- What people said of whether it helped is counted from the log itself, which has nobody's name
-- to it: an answer for each change of mind, and few of all the events.
-- depends: 0001_reporting

create index heard_feedback on heard (event_id) where type = 'exchanges.feedback_given';
