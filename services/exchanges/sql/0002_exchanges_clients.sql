-- Which steps another system took in a member's name: the audit of what it did here.
-- depends: 0001_exchanges

create table client_act (
    exchange_id uuid not null,
    version integer not null,
    client_id uuid not null,            -- as members knows it
    member_id uuid not null,            -- in whose name
    action text not null,
    at timestamptz not null,
    primary key (exchange_id, version),
    -- No act without the step it stands for.
    foreign key (exchange_id, version) references exchange_step (exchange_id, version)
);
-- Everything one system did, in order.
create index client_act_by_client on client_act (client_id, at);

create trigger client_act_is_append_only before update or delete on client_act
    for each row execute function refuse_rewriting_history();
