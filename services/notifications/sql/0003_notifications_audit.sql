-- Who ended a subscription, and why it was let in or ended: what an audit asks.
-- depends: 0002_subscriptions

alter table subscription add column approved_because text
    check (length(approved_because) between 1 and 1000);
alter table subscription add column ended_by uuid;  -- null: nobody, but a rule; or not known
alter table subscription add column ended_because text
    check (length(ended_because) between 1 and 1000);

-- The newest decisions are one walk along an index.
create index subscription_asked_in_time on subscription (created_at);
create index subscription_approved_in_time on subscription (approved_at)
    where approved_at is not null;
create index subscription_ended_in_time on subscription (ended_at) where ended_at is not null;
