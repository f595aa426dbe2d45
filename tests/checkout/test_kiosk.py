"""What a kiosk prints: the bytes of the list alone, however many leaves it takes."""

import drafts
import pytest

from promo.checkout.kiosk import FORMATS, printed
from promo.config import Settings
from promo.lists.press.formats import Heading
from promo.lists.press.press import Press


@pytest.mark.parametrize("form", FORMATS)
def test_a_full_list_in_every_format(settings: Settings, form: str) -> None:
    many = tuple(drafts.due(category=f"C{n}", words=f"Thing {n}") for n in range(24))
    offers = tuple(drafts.offer(offer=f"o{n}", title=f"Any thing {n}") for n in range(16))
    sheet = drafts.sheet(drafts.draft(due=many, offers=offers))
    heading = Heading("Lists", drafts.NIGHT)
    assert len(printed(sheet, form, Press(settings), heading)) > 1000
