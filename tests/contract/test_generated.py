"""What is committed of documents, schemas and dashboards is what the code says now."""

import importlib.util
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DRAWN_FOLDERS = ("docs/openapi", "docs/settings", "docs/metrics", "deploy/grafana/dashboards")


@pytest.fixture(scope="module")
def generate():
    specification = importlib.util.spec_from_file_location("generate", ROOT / "docs" / "generate.py")
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def drawn(generate):
    return dict(generate.drawn())


def test_every_artifact_is_what_the_code_says(drawn):
    stale = [path.relative_to(ROOT) for path, content in drawn.items() if committed(path) != content]
    assert stale == [], "run ./dealstream generate and look at the difference"


def test_every_event_schema_is_what_the_code_says(generate):
    stale = [path.relative_to(ROOT) for path, _ in generate.stale_schemas()]
    assert stale == [], "run ./dealstream generate and look at the difference"


def test_no_drawn_file_is_left_over(drawn):
    found = {path for folder in DRAWN_FOLDERS for path in (ROOT / folder).iterdir()}
    assert found <= set(drawn)


def test_every_setting_and_metric_has_a_meaning(drawn):
    for path, content in drawn.items():
        if path.parent.name in {"settings", "metrics"}:
            rows = [line for line in content.splitlines() if line.startswith("| `")]
            assert rows
            assert [row for row in rows if row.endswith("|  |")] == [], path.name


def test_a_service_prints_the_page_that_is_committed(generate):
    assert generate.printed_by("-m", "identity", "settings") == committed(ROOT / "docs" / "settings" / "identity.md")


def test_a_stale_file_is_named_and_written(generate, tmp_path, monkeypatch, capsys):
    """The generator itself: it writes what differs, says so, and then has nothing more to say."""
    monkeypatch.setattr(generate, "ROOT", tmp_path)
    generate.main(["docs/events.md"])
    assert capsys.readouterr().out == "docs/events.md\n"
    assert (tmp_path / "docs" / "events.md").read_text("utf-8") == committed(ROOT / "docs" / "events.md")
    generate.main(["docs/events.md"])
    assert capsys.readouterr().out == ""


def test_a_changed_schema_is_a_further_revision_or_amends_the_newest(generate):
    first, third = Path("schemas/dealstream.deal.won.v1/1.json"), Path("schemas/dealstream.deal.won.v1/3.json")
    assert generate.replaced(first) == first
    assert generate.replaced(third).name == "2.json"


def committed(path: Path) -> str:
    return path.read_text(encoding="utf-8") if path.exists() else ""
