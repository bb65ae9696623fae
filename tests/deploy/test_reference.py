"""The reference pages say what the code says."""

import pytest

from deploy import reference


@pytest.mark.parametrize("page", reference.PAGES)
def test_a_reference_page_is_what_the_code_would_write_today(page):
    written = (reference.DOCS / page).read_text()

    assert written == reference.PAGES[page](), "run `python -m deploy.reference`"
