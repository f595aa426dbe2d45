"""Progress: plain key=value lines in cron, a live line on a terminal, nothing on failure."""

import re

import pytest

from promo.progress import Progress


def test_a_line_a_stage_in_cron(capsys: pytest.CaptureFixture[str]) -> None:
    progress = Progress("nightly")  # standard error is no terminal here
    with progress.stage("fold") as facts:
        facts["scans"] = 12345
    with progress.stage("register"):
        pass
    out, err = capsys.readouterr()
    assert out == ""
    lines = [re.sub(r"seconds=\d+\.\d\d$", "seconds=N", line) for line in err.splitlines()]
    assert lines == [
        "promo=nightly stage=fold scans=12345 seconds=N",
        "promo=nightly stage=register seconds=N",
    ]
    assert list(progress.seconds) == ["fold", "register"]


def test_on_a_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    progress = Progress("nightly", terminal=True)
    with progress.stage("print") as facts:
        facts["pages"] = 7
        facts["note"] = "[bold]as it is[/x]"
    out, err = capsys.readouterr()
    assert out == ""
    assert "promo=" not in err
    assert re.search(r"print +pages=7 note=\[bold\]as it is\[/x\] seconds=\d", err)


@pytest.mark.parametrize("terminal", [True, False])
def test_a_stage_that_fails_says_nothing(
    capsys: pytest.CaptureFixture[str], *, terminal: bool
) -> None:
    progress = Progress("fit", terminal=terminal)
    with pytest.raises(ZeroDivisionError), progress.stage("fit"):
        raise ZeroDivisionError
    assert "seconds=" not in capsys.readouterr().err
    assert progress.seconds == {}


@pytest.mark.parametrize(("singly", "lines"), [(True, ["of=a_b", "of=c"]), (False, ["of=2"])])
def test_a_line_an_item_or_one_for_all(
    capsys: pytest.CaptureFixture[str], *, singly: bool, lines: list[str]
) -> None:
    found = list(Progress("check").each("check", ["a b", "c"], singly=singly))
    assert found == ["a b", "c"]
    said = capsys.readouterr().err.splitlines()
    assert [re.sub(r" seconds=[\d.]+$", "", line) for line in said] == [
        f"promo=check stage=check {line}" for line in lines
    ]
