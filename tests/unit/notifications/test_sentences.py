"""Every rule has its sentence in every language, and amounts are written as the language writes them."""

import pytest

from notifications.rules import RULES, TIMED_RULES
from notifications.sentences import REASONS, SENTENCES, language, sentence

FACTS = {
    "deal": "Acme",
    "minor": "1250000000",
    "currency": "VND",
    "stage": "proposal",
    "code": "not-offered",
    "source": "web",
    "by": "x",
}


@pytest.mark.parametrize("spoken", ["en", "vi", "zh"])
@pytest.mark.parametrize("rule", [*RULES, *TIMED_RULES], ids=lambda rule: rule.slug)
def test_every_rule_can_be_said_in_every_language(rule, spoken):
    assert "{" not in sentence(rule.slug, FACTS, spoken)


def test_no_sentence_is_left_over():
    assert set(SENTENCES) == {rule.slug for rule in [*RULES, *TIMED_RULES]}
    assert all(set(texts) == set(REASONS) for texts in SENTENCES.values())


def test_vietnamese_writes_dong_without_decimals():
    assert "1.250.000.000\xa0₫" in sentence("deal-won", FACTS, "vi")


@pytest.mark.parametrize(
    ("preferred", "spoken"),
    [(("zh-CN", "en"), "zh"), (("fr", "vi"), "vi"), (("fr",), "en"), ((), "en"), (("en-US",), "en")],
)
def test_the_first_language_that_we_speak_is_taken(preferred, spoken):
    assert language(*preferred) == spoken
