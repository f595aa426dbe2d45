"""The morning's mail: one that programs can send, short, with what must be done first."""

import email
from email.policy import default
from pathlib import Path

import hypothesis
import pytest
from hypothesis import strategies as st

from promo import config
from promo.config import Settings
from promo.status import findings, mail
from promo.status.facts import Disk, Facts, ModelStands, RejectKind, Report, Stage, Watched
from status.facts import AT, STATUS, a_file, a_log, a_night, a_try, an_offer, good, money


def report(facts: Facts) -> Report:
    return findings.report(facts, STATUS, money)


BODY = """\
All is well.

The night of 2017-11-06 is published: 120 lists for 3 stores with 1,500 due
items and 900 offers worth $987.65, good 2017-11-06 to 2017-11-19. Begun
2017-11-06 02:20, 10:00: done.

Stages (stage, took, facts):
  fold  3.2 s  scans 1,234
  print  1:01

Rejects (of, field, lines, expected):
  scans  product  3  a product's code

Offers, nearest to their budgets first (offer, budget, spent, promised,
used):
  o01  $100.00 in 100  $10.00 in 10  $30.00 in 30  19%

Model 2017-10-30, 7 days old. Lists of 2017-10-23: 31.0% said, 30.0% bought
of 800 due items.
Disk of state, lake, out: 300.0 of 500.0 GB free (/srv/promo).
"""


def test_a_good_morning(settings: Settings) -> None:
    status = settings.status.model_copy(update={"mail_to": ("a@example.com", "b@example.com")})
    ours = settings.model_copy(update={"status": status})
    text = mail.message(report(good()), ours, money)
    read = email.message_from_string(text, policy=default)
    assert read["subject"] == "[promo] Main Street Market, 2017-11-06: all is well"
    assert read["to"].addresses[1].addr_spec == "b@example.com"
    assert read["from"].addresses[0].addr_spec == settings.email.sender
    assert read["date"].datetime == AT
    assert read["auto-submitted"] == "auto-generated"
    assert read.get_content() == BODY
    assert "To" not in email.message_from_string(mail.message(report(good()), settings, money))


def test_what_must_be_done_comes_first() -> None:
    facts = good(night=a_night("none", tries=()), model=ModelStands("prior", 3, True))
    lines = mail.body(report(facts), money)
    assert lines[0].startswith("ACT: No night of 2017-11-06 was made, and none was tried: look")
    assert any(line.startswith("LOOK: The model in use is the shipped one") for line in lines[:8])


@pytest.mark.parametrize("banner", ["Główna ulica", "市場" * 30])
def test_a_banner_of_any_letters(settings: Settings, banner: str) -> None:
    text = mail.message(report(good(banner=banner)), settings, money)
    assert text.isascii()
    assert banner[:60] in email.message_from_string(text, policy=default)["subject"]


SHIPPED = config.load(Path(__file__).parent.parent.parent / "config.yaml")
WORDS = st.text("abc é漢\n", min_size=1, max_size=200)
MANY = st.integers(0, 30)


@hypothesis.settings(max_examples=40)
@hypothesis.given(MANY, MANY, MANY, MANY, WORDS)
def test_it_is_never_long(shop: int, bad: int, offers: int, stages: int, words: str) -> None:
    kinds = tuple(RejectKind("scans", f"f{n}", words, 9) for n in range(bad))
    night = a_night("draft", tries=(a_try("failed", sentence=words, stages=tuple(
        Stage(words, 1.0, {words: words}) for _ in range(stages))),))  # fmt: skip
    facts = good(
        night=night, banner=words, model=ModelStands(None, None, False, words, words),
        logs=tuple(a_log(str(n), delivery=None) for n in range(shop)),
        files=tuple(a_file(source=f"{n}", taken=False, kinds=kinds) for n in range(bad)),
        offers=tuple(an_offer(offer=f"{n}", title=words, expected_money=9e9)
                     for n in range(offers)),
        watched=tuple(Watched(f"{n}", 9, 0.5, 0.1, words) for n in range(bad)),
        disks=tuple(Disk((words,), words, 10, n) for n in range(bad)),
    )  # fmt: skip
    text = mail.message(report(facts), SHIPPED, money)
    read = email.message_from_string(text, policy=default)
    body = read.get_content()
    head = text.split("\n\n")[0]
    assert len(head.splitlines()) + len(body.splitlines()) < 60
    assert max(map(len, body.splitlines())) <= mail.WIDTH
    assert text.isascii()
