"""The file for Prometheus, read back by its own parser."""

from collections.abc import Mapping

from prometheus_client.parser import text_string_to_metric_families

from promo.status import findings, textfile
from promo.status.facts import Disk, Facts, ModelStands
from status.facts import AT, GB, STATUS, a_file, a_log, a_night, an_offer, good, money

Read = Mapping[tuple[str, tuple[tuple[str, str], ...]], float]


def read(facts: Facts, most: int = 2) -> Read:
    """Samples by name and labels."""
    text = textfile.text(findings.report(facts, STATUS, money), most)
    families = list(text_string_to_metric_families(text))
    assert all(family.name.startswith("promo_") and family.documentation for family in families)
    samples = [sample for family in families for sample in family.samples]
    found = {(one.name, tuple(sorted(one.labels.items()))): one.value for one in samples}
    assert len(found) == len(samples)
    return found


def test_a_good_morning() -> None:
    found = read(good())
    expected = {
        ("promo_status_level", ()): 0,
        ("promo_status_timestamp_seconds", ()): AT.timestamp(),
        ("promo_night_state", (("state", "published"),)): 1,
        ("promo_night_state", (("state", "draft"),)): 0,
        ("promo_night_seconds", ()): 600,
        ("promo_night_stage_seconds", (("stage", "print"),)): 61,
        ("promo_night_counts", (("of", "lists"),)): 120,
        ("promo_night_worth_minor", (("currency", "USD"),)): 98765,
        ("promo_lines", (("fate", "rejected"), ("table", "scans"))): 3,
        ("promo_rejects", (("field", "product"), ("table", "scans"))): 3,
        ("promo_logs_expected", ()): 1,
        ("promo_offer_money_minor", (("figure", "promised"), ("offer", "o01"))): 3000,
        ("promo_offer_used_ratio", (("offer", "o01"),)): 0.19,
        ("promo_model_age_days", ()): 7,
        ("promo_disk_free_bytes", (("holds", "state,lake,out"), ("path", "/srv/promo"))): 300 * GB,
    }
    assert {key: found[key] for key in expected} == expected
    kinds = {key[1][0][1] for key in found if key[0] == "promo_status_findings"}
    assert kinds == set(findings.KINDS)
    assert sum(value for (name, _), value in found.items() if name.endswith("findings")) == 0


def test_what_is_wrong_counts() -> None:
    found = read(
        good(
            night=a_night("none", tries=()),
            files=(
                a_file(taken=False, rows=0, kinds=()),
                a_file(source="b", taken=False, kinds=()),
            ),
            logs=(a_log("7", delivery=None), a_log('8"\\\n', delivery=None)),
            model=ModelStands(None, None, False),
        )
    )
    assert found["promo_status_level", ()] == 2
    assert found["promo_status_findings", (("kind", "file-refused"), ("level", "act"))] == 2
    assert found["promo_status_findings", (("kind", "night-none"), ("level", "act"))] == 1
    assert found["promo_files_refused", ()] == 2
    assert found["promo_log_missing", (("store", '8"\\\n'),)] == 1
    assert ("promo_model_age_days", ()) not in found
    assert ("promo_night_seconds", ()) not in found


def test_few_offers_are_told() -> None:
    offers = tuple(an_offer(offer=f"o{n}") for n in range(5))
    disks = (Disk(("out",), "/a", 1, 1), Disk(("lake",), "/b", 1, 1))
    found = read(good(offers=offers, disks=disks))
    assert found["promo_offers", ()] == 5
    assert sum(name == "promo_offer_used_ratio" for name, _ in found) == 2
    assert sum(name == "promo_disk_free_bytes" for name, _ in found) == 2
