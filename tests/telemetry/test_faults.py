"""What is told of an error names its place and kind, and never what stood in somebody's row."""

import psycopg
import pytest

from services.telemetry import faults

PERSON = """
create temp table person (
    id int primary key, name text constraint known check (name <> 'Asha Invented'), born date
)
"""


@pytest.fixture
def conn(database_server):
    with psycopg.connect(database_server, autocommit=True) as made:
        made.execute(PERSON)
        yield made


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        (
            "insert into person values (1, 'Asha Invented')",
            'CheckViolation 23514: new row for relation "person" violates check constraint "known"',
        ),
        (
            "insert into person values (null, 'Asha')",
            'NotNullViolation 23502: null value in column "id" of relation "person" violates'
            " not-null constraint",
        ),
        ("select 'Asha'::uuid", "InvalidTextRepresentation 22P02"),
        (
            "insert into person values (1, 'Asha', 'Asha'::text::date)",
            "InvalidDatetimeFormat 22007",
        ),
        ("select surname from person", 'UndefinedColumn 42703: column "surname" does not exist'),
    ],
)
def test_of_a_database_only_what_names_no_value_is_told(conn, statement, said):
    with pytest.raises(psycopg.Error) as caught:
        conn.execute(statement)

    assert faults.told(caught.value) == said


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (ValueError("poison"), "ValueError: poison"),
        (psycopg.OperationalError("to Asha's host"), "OperationalError"),
    ],
)
def test_of_any_other_error_its_text_is_told_and_of_a_lost_database_its_class(error, said):
    assert faults.told(error) == said
