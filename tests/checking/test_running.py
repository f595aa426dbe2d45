"""Running checks: two looks, a check that cannot be done, levels, and what is counted."""

import os
from collections.abc import Iterator

from sqlalchemy import Engine, select, text

from checking.good import NEXT, NOW
from promo.checking import every, running
from promo.checking.findings import LOOK, WRONG, Check, Finding, Found
from promo.checking.look import Look
from promo.checking.running import Asked, Result
from promo.config import Settings
from promo.files import only_one


def finding(where: str, level: str = WRONG, *, moves: bool = False) -> Finding:
    return Finding(where, "it is", "odd", "even", "Add one.", level, moves)


def run(settings: Settings, engine: Engine, *finds: object) -> list[Result]:
    checks = tuple(Check(f"c{i}", "…", find) for i, find in enumerate(finds))  # type: ignore[arg-type]
    return list(running.run(settings, engine, Asked(checks, NOW, NEXT)))


def test_what_a_second_look_does_not_find_was_somebody_at_work(
    settings: Settings, engine: Engine
) -> None:
    looks = iter([["a", "b", "c"], ["b", "c", "d"]])

    def find(_: Look) -> Found:
        return [finding(name) for name in next(looks)]

    [found] = run(
        settings,
        engine,
        find,
    )
    assert [each.where for each in found.findings] == ["b", "c"]
    assert found.level == WRONG


def test_no_second_look_where_the_first_finds_nothing(settings: Settings, engine: Engine) -> None:
    looks = iter([list[Finding]()])
    [found] = run(settings, engine, lambda _: next(looks))
    assert (found.findings, found.level, found.more) == ((), None, 0)


def test_the_second_look_sees_another_moment(settings: Settings, engine: Engine) -> None:
    moments = set()

    def find(look: Look) -> Found:
        moments.add(id(look.connection.connection.dbapi_connection))
        look.connection.execute(select(1)).one()
        return [finding("a")]

    run(settings, engine, find)
    assert len(moments) == 2  # both at once, so not the same connection


def test_a_check_that_cannot_be_done_says_so_and_others_go_on(
    settings: Settings, engine: Engine
) -> None:
    def broken(look: Look) -> Iterator[Finding]:
        yield finding("before")
        look.connection.execute(text("select * from nowhere"))

    found = run(settings, engine, broken, lambda _: [], lambda _: [finding("after", LOOK)])
    said = [[each.where for each in one.findings] for one in found]
    assert said == [["The check `c0`"], [], ["after"]]
    assert [one.level for one in found] == [WRONG, None, LOOK]
    assert "nowhere" in found[0].findings[0].in_words


def test_while_a_command_is_at_work_what_it_moves_is_no_more_than_a_look(
    settings: Settings, engine: Engine
) -> None:
    def find(_: Look) -> Found:
        return [finding("a", moves=True), finding("b")]

    with only_one(settings.paths.state / "promo.lock", "forget"):
        [found] = run(settings, engine, find)
    assert [each.level for each in found.findings] == [LOOK, WRONG]
    assert found.findings[0].todo == (
        f"promo forget (process {os.getpid()}) is at work: check again when it is done. Add one."
    )


def test_more_than_can_be_kept_is_counted(settings: Settings, engine: Engine) -> None:
    [found] = run(settings, engine, lambda _: (finding(str(i)) for i in range(1500)))
    assert (len(found.findings), found.more) == (1000, 500)
    assert found.as_dict()["more"] == 500


def test_names_are_told_apart() -> None:
    names = [check.name for check in every.CHECKS]
    assert len(set(names)) == len(names) >= 30
    assert [check.name for check in every.named(["lines", "parts"])] == ["parts", "lines"]
    assert every.named([]) == every.CHECKS


def test_a_finding_in_words() -> None:
    assert finding("lake/x").in_words == "lake/x: it is odd; expected even. Add one."


def test_a_name_of_any_bytes_is_told_on_one_line() -> None:
    odd = finding("out/\udcff\n牛奶.pdf")
    assert odd.in_words == "out/\\xff\\n牛奶.pdf: it is odd; expected even. Add one."
    assert odd.as_dict()["where"] == "out/\\xff\\n牛奶.pdf"
