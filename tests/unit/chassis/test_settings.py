"""Settings come from the environment; what is wrong there is named."""

from pathlib import Path

import pytest

from chassis.settings import Settings, WrongSettings


@pytest.fixture(autouse=True)
def clean(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://localhost/notes")


def test_the_environment_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DEALSTREAM_PORT", "9001")
    monkeypatch.setenv("KAFKA_BOOTSTRAP_SERVERS", "broker:9092")
    monkeypatch.setenv("DEALSTREAM_TOPIC_PREFIX", "x.")
    settings = Settings.from_environment()
    assert settings.port == 9001
    assert (settings.kafka.bootstrap_servers, settings.kafka.topic("a")) == ("broker:9092", "x.a")
    assert "localhost" not in repr(settings)


def test_an_unknown_variable_names_the_nearest_known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DEALSTREAM_PROT", "9001")
    with pytest.raises(WrongSettings, match=r"DEALSTREAM_PROT .* did you mean DEALSTREAM_PORT"):
        Settings.from_environment()


def test_a_wrong_value_names_its_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DEALSTREAM_PORT", "ninety")
    monkeypatch.delenv("DATABASE_URL")
    with pytest.raises(WrongSettings) as wrong:
        Settings.from_environment()
    assert "DEALSTREAM_PORT: input should be a valid integer" in str(wrong.value)
    assert "DATABASE_URL: field required" in str(wrong.value)


def test_a_secret_may_be_a_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("hush\n", "utf-8")
    monkeypatch.setenv("DEALSTREAM_CURSOR_SECRET_FILE", str(secret))
    monkeypatch.delenv("DATABASE_URL")
    monkeypatch.setenv("DATABASE_URL_FILE", str(secret))
    settings = Settings.from_environment()
    assert settings.cursor_secret.get_secret_value() == "hush"
    assert settings.database_url.get_secret_value() == "hush"


def test_a_secret_file_that_is_missing_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DEALSTREAM_CURSOR_SECRET_FILE", "/nowhere/secret")
    with pytest.raises(WrongSettings, match="/nowhere/secret"):
        Settings.from_environment()


def test_variables_of_the_tests_are_passed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DEALSTREAM_TEST_ANYTHING", "1")
    assert Settings.from_environment().host == "127.0.0.1"
