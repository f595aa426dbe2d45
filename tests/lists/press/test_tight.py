"""Chinese is set close, and nothing else is changed."""

import re

import pytest
from drafts import draft, page
from hypothesis import given
from hypothesis import strategies as st

from promo.config import Settings
from promo.lists.press.press import Press
from promo.lists.press.tight import JOINER, tight

J = JOINER


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("Milk, and tea.", "Milk, and tea."),
        ("会员卡。 优惠会自动扣减。", f"会员卡。优惠会自动扣{J}减。"),
        ("台面上： 香蕉 12 个", "台面上：香蕉 12 个"),
        (
            "<p><strong>台面上：</strong> 香蕉\n番茄</p>",
            f"<p><strong>台面上：</strong>香蕉番{J}茄</p>",
        ),
        ("<li>请整个扔掉。</li>", f"<li>请整个扔{J}掉。</li>"),
        ("<li>请<em>扔掉！</em></li>", f"<li>请<em>扔{J}掉！</em></li>"),
        ("用 Zeta 洗", "用 Zeta 洗"),
        ("Crème “fraîche” – brûlée", "Crème “fraîche” – brûlée"),
        ("好", "好"),
    ],
)
def test_blanks_and_last_lines(text: str, wanted: str) -> None:
    assert tight(text) == wanted


@given(st.text(st.sampled_from("aé 1,.“”王小明。，：（）"), max_size=30))
def test_only_blanks_go_and_once_is_enough(text: str) -> None:
    close = tight(text)
    assert re.sub(rf"[\s{J}]", "", close) == re.sub(r"\s", "", text)
    assert tight(close.replace(J, "")) == close


def test_a_chinese_sheet_has_no_blank_between_sentences(settings: Settings) -> None:
    ids = tuple(Press(settings).library.ids)
    for number in range(0, len(ids), 3):
        made = page(settings, draft(language="zh", articles=ids[number : number + 3]))
        press = Press(settings)
        for html in (press.print_html([made], title="t"), press.html([made], title="t")):
            words = re.sub(
                r"<style>.*?</style>|</?(?:b|span|strong|em)>", "", html, flags=re.DOTALL
            )
            assert not re.search("[。，：；！？] +[^<\\s]", words)
