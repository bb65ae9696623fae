"""Proves what every file of the repository keeps to."""

import ast
import re

import pytest

from tests.architecture import house

EVERYWHERE = house.modules("services", "gateway", "deploy", "tests")

LONGEST_SENTENCE = 300
"""Characters; longer ones are two."""

TEXT = frozenset(
    {".py", ".sql", ".md", ".toml", ".txt", ".json", ".yaml", ".yml", ".j2", ".html", ".css"}
    | {".js", ".ini", ".cfg", ".csv", ".sh", ".conf", ""}
)
"""Endings of files a person reads; the empty one is a Makefile's or a script's."""

MACHINE_PATH = re.compile(
    r"(?<![\w.:/-])/(?:(?:home|Users)/[a-z][\w-]*/|(?:root|work|workspaces?|builds)/\w)"
)
"""Somebody's home folder or a build machine's, in a file that everybody else gets too."""

NUMBERED = re.compile(r"\d{4}_[a-z_]+")


@pytest.mark.parametrize("module", EVERYWHERE, ids=[module.name for module in EVERYWHERE])
def test_every_module_opens_with_one_sentence(module):
    if not module.tree.body:
        return  # the empty file that makes a folder a package
    text = ast.get_docstring(module.tree)
    assert text, f"{module.name} does not say what it is for"

    opening = " ".join(text.split("\n\n")[0].split())

    assert opening.endswith((".", ":", "?")), f"{module.name}: {opening!r} is no sentence"
    assert not re.search(r"\w\w[.?!] [A-Z]", opening), f"{module.name} opens with two sentences"
    assert len(opening) <= LONGEST_SENTENCE


def files():
    """The repository's own text: what is hidden, built or made by a run is not."""
    roots = [house.ROOT / name for name in ("services", "gateway", "deploy", "tests", "docs")]
    found = [path for path in house.ROOT.iterdir() if path.is_file() and path.name[0] != "."]
    for root in roots:
        found += [path for path in root.rglob("*") if path.is_file()]
    made = {"__pycache__", "node_modules"}
    return [path for path in found if path.suffix in TEXT and not made & set(path.parts)]


def test_no_file_mentions_a_path_of_somebodys_machine():
    for path in files():
        text = path.read_text(encoding="utf-8", errors="replace")
        for number, line in enumerate(text.splitlines(), 1):
            found = MACHINE_PATH.search(line)
            assert not found, f"{path.relative_to(house.ROOT)}:{number} mentions {found[0]}"


def test_the_number_of_a_migration_is_part_of_a_name_no_other_has():
    stems = [
        path.stem
        for path in (house.ROOT / "services").glob("*/sql/*")
        if path.suffix in (".sql", ".py")
    ]

    assert stems
    assert len(set(stems)) == len(stems)
    assert all(NUMBERED.fullmatch(stem) for stem in stems)


def test_every_service_has_its_table_of_contents_and_its_tables():
    for service in house.services():
        folder = house.ROOT / "services" / service
        assert (folder / "service.py").is_file(), service
        assert (folder / "handlers.py").is_file(), service
        assert list((folder / "sql").glob("0001_*.sql")), service


def test_an_entrypoint_is_a_line_in_a_table_of_contents():
    for service in house.services():
        module = house.Module(house.ROOT / "services" / service / "service.py")
        for node in ast.walk(module.tree):
            if isinstance(node, ast.FunctionDef) and node.decorator_list:
                body = [part for part in node.body if not is_docstring(part)]
                lines = (body[-1].end_lineno or 0) - body[0].lineno + 1
                assert lines <= 8, f"{module.name}: {node.name} does more than call and count"


def is_docstring(node):
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
