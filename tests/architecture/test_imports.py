"""Proves who imports whom: the drawing of the house, held against every module."""

import fnmatch

import pytest

from tests.architecture import house

SERVICES = house.services()
OURS = house.modules(*(f"services/{service}" for service in SERVICES))
EVERY = house.modules("services", "gateway")


def named(modules):
    return {"argvalues": modules, "ids": [module.name for module in modules]}


def test_the_five_services_and_the_three_shared_rooms_are_all_there_is():
    assert SERVICES == ["exchanges", "ledger", "members", "notifications", "reporting"]
    for room in house.SHARED_ROOMS:
        assert (house.ROOT / "services" / room / "__init__.py").is_file()


@pytest.mark.parametrize("module", **named(OURS))
def test_a_module_of_a_service_imports_what_its_layer_may(module):
    wrong = [
        f"line {found.line}: {found.module}"
        for found in module.imports()
        if not allowed(module, found)
    ]

    assert not wrong, f"{module.name} is {module.layer} and may not import {wrong}"


def allowed(module, found):
    if found.top in house.STDLIB:
        return True
    if found.top != "services":
        return found.top in module.may.libraries
    room, _, rest = found.module.removeprefix("services.").partition(".")
    if room == module.room:
        return own_allowed(module, found)
    return room in module.may.rooms or f"{room}.{rest.partition('.')[0]}" in module.may.rooms


def own_allowed(module, found):
    """Within a service the layer of the imported module decides; a package has none."""
    path = house.file_of(found.module) or house.file_of(found.module.rpartition(".")[0])
    if path is None or path.name == "__init__.py":
        return True
    return house.Module(path).layer in module.may.own


@pytest.mark.parametrize("module", **named(OURS))
def test_no_service_imports_another(module):
    others = {f"services.{service}" for service in SERVICES if service != module.room}

    for found in module.imports():
        assert not any(within(found.module, other) for other in others), found


@pytest.mark.parametrize("module", **named(house.modules("services/bus")))
def test_the_bus_knows_neither_a_service_nor_a_contract(module):
    for found in module.imports():
        if found.top in ("services", "gateway", "deploy"):
            assert within(found.module, "services.bus") or within(
                found.module, "services.telemetry"
            ), found


@pytest.mark.parametrize("module", **named(house.modules("services/contracts")))
def test_contracts_know_the_libraries_of_shapes_and_each_other(module):
    for found in module.imports():
        known = found.top in house.STDLIB or found.top in ("marshmallow", "msgspec")
        assert known or within(found.module, "services.contracts"), found


@pytest.mark.parametrize("module", **named(house.modules("services/telemetry")))
def test_telemetry_knows_nothing_of_the_house(module):
    for found in module.imports():
        known = found.top in house.STDLIB or found.top in ("prometheus_client", "structlog")
        assert known or within(found.module, "services.telemetry"), found


@pytest.mark.parametrize("module", **named(house.modules("gateway")))
def test_the_gateway_holds_no_data_and_no_service(module):
    starts = module.name == "gateway/service.py"
    parts = house.GATEWAY_SERVICE_USES_OF_THE_BUS if starts else house.GATEWAY_USES_OF_THE_BUS
    for found in module.imports():
        assert found.top not in ("psycopg", "psycopg_pool", "yoyo", "kombu", "amqp"), found
        if within(found.module, "services.bus"):
            assert found.module.removeprefix("services.bus.").partition(".")[0] in parts, found
        elif found.top == "services":
            assert within(found.module, "services.contracts") or within(
                found.module, "services.telemetry"
            ), found


@pytest.mark.parametrize("module", **named(EVERY))
def test_nameko_and_eventlet_are_known_where_a_process_begins_and_nowhere_else(module):
    knows = {found.top for found in module.imports()} & house.FROZEN

    assert not knows or any(fnmatch.fnmatch(module.name, place) for place in house.KNOWS_NAMEKO)


@pytest.mark.parametrize("module", **named(EVERY))
def test_nothing_that_runs_imports_the_tests_or_the_launcher(module):
    assert not {found.top for found in module.imports()} & {"tests", "deploy"}


def test_no_room_and_no_module_is_named_after_nothing():
    for module in house.modules("services", "gateway", "deploy", "tests"):
        parts = {module.path.stem, *module.path.relative_to(house.ROOT).parts}
        assert not parts & house.NO_ROOMS, f"{module.name}: a noun is missing"


def test_every_module_named_an_exception_exists_and_is_one():
    for name in (*house.OUTSIDE, *house.ALSO_HANDLERS):
        assert (house.ROOT / name).is_file(), f"{name} is gone: take it off the list"


def within(dotted, package):
    return dotted == package or dotted.startswith(f"{package}.")
