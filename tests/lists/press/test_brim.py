"""The fullest list: nearer to the end of its paper than any list of a chain is likely to be."""

import shutil
from pathlib import Path

import pytest

from promo.config import Settings
from promo.lists.press import brim
from promo.lists.press.edge_cases import Made, edge_cases
from promo.lists.press.press import STYLES, Press
from promo.lists.press.proof import printed


@pytest.mark.parametrize("style", STYLES)
def test_it_fills_a_column_to_the_last_half_millimetre_and_is_printed_well(
    settings: Settings, style: str, tmp_path: Path
) -> None:
    press = Press(settings)
    sheet = brim.fullest(press, "en", style)
    ordinary = edge_cases(settings, "en")["an ordinary list"]
    assert 0 <= brim.room(press, sheet, style) < 0.5 < brim.room(press, ordinary, style)
    assert list(printed(style, press, sheet, tmp_path / "x")) == []


def test_what_is_too_high_for_it_is_so_for_no_ordinary_list(
    settings: Settings, folder: Path, tmp_path: Path
) -> None:
    templates = folder / "templates"
    shipped = templates.resolve()
    templates.unlink()
    shutil.copytree(shipped, templates)
    css = templates / "print.css"
    css.write_text(f"{css.read_text()}\n.columns {{ margin-bottom: 4mm; }}\n", encoding="utf-8")
    press = Press(settings)
    full, usual = brim.fullest(press, "en", "sheet"), Made(settings, "en").sheet()
    found = list(printed("sheet", press, full, tmp_path / "full"))
    assert "it takes 2 pages; the layout has room for it on 1" in found
    assert list(printed("sheet", press, usual, tmp_path / "usual")) == []
