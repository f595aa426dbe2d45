"""A draft: what it is worth, and what of it is stored."""

import json

from drafts import draft, due, offer

from promo.lists.items import Draft


def test_worth_is_the_sum_of_the_offers() -> None:
    assert draft(offers=()).worth == 0
    assert draft(offers=(offer(worth=100), offer(offer="o2", worth=55))).worth == 155


def test_content_is_stored_as_json_without_the_name() -> None:
    stored = draft(name="Ann Onymous", tier="top").content()
    assert json.loads(json.dumps(stored)) == {
        "tier": "top",
        "language": "en",
        "club": "",
        "articles": [],
        "due": [
            {
                "category": "SOFT DRINKS",
                "words": "Soft drinks",
                "department": "Drinks",
                "detail": "12 pk",
                "probability": 0.5,
                "expected_day": "2017-11-06",
                "quantity": 1.0,
            }
        ],
        "offers": [
            {
                "offer": "o1",
                "title": "Any cold cereal",
                "worth": 100,
                "buy": 1,
                "category": "COLD CEREAL",
                "cell": "national/heavy",
                "probability": 0.25,
                "uses": 1,
                "headline": "$1.00 off",
                "conditions": "On one item. Once.",
                "points": 0,
            }
        ],
    }


def test_content_does_not_change_the_draft() -> None:
    made = draft()
    made.content()["due"][0]["words"] = made.content()["offers"][0]["title"] = "other"
    assert made == draft(due=(due(),), offers=(offer(),))


def test_what_was_packed_comes_back() -> None:
    made = draft(club="Cat food", articles=("soup", "plan"), language="es")
    facts = {"shopper": "100", "name": "Ann", "language": "en", "store": "1"}
    assert Draft.restored(json.dumps(made.content()), **facts) == made


def test_lists_older_than_clubs_articles_and_languages() -> None:
    stored = draft().content()
    del stored["club"], stored["articles"], stored["language"]
    facts = {"shopper": "100", "name": "Ann", "language": "en", "store": "1"}
    assert Draft.restored(json.dumps(stored), **facts) == draft()


def test_places_and_other_categories_come_back() -> None:
    item, gift = due(place=("Drinks", "Soft drinks")), offer(also_on=("TEA", "MILK"))
    made = draft(due=(item, due()), offers=(gift, offer(offer="o2")))
    content = json.dumps(made.content())
    stored = json.loads(content)
    assert stored["due"][0]["place"] == ["Drinks", "Soft drinks"]
    assert stored["offers"][0]["also_on"] == ["TEA", "MILK"]
    assert "place" not in stored["due"][1]
    assert "also_on" not in stored["offers"][1]  # as on lists that are older than these
    facts = {"shopper": "100", "name": "Ann", "language": "en", "store": "1"}
    assert Draft.restored(content, **facts) == made


def test_half_a_character_is_left_out() -> None:
    made = json.dumps(draft(due=(due(words="Soft \ud83d drinks 😀"),)).content())
    facts = {"shopper": "100", "name": "Ann", "language": "en", "store": "1"}
    assert Draft.restored(made, **facts).due[0].words == "Soft  drinks 😀"
