"""The reference page says what the code does."""

from pathlib import Path

from analytics.kpi_page import page
from analytics.kpis import KPIS

PAGE = Path(__file__).parents[3] / "docs" / "kpis.md"


def test_the_committed_page_is_the_one_drawn_now() -> None:
    assert PAGE.read_text("utf-8") == page(), "run ./dealstream generate"


def test_every_kpi_has_its_section_with_its_definition() -> None:
    sections = page().split("\n## ")
    for kpi in KPIS:
        (section,) = (found for found in sections if found.startswith(f"{kpi.slug}\n"))
        assert kpi.definition in section
