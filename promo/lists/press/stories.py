"""From an article's Markdown to the markup that is printed, and the words that are measured."""

from functools import cache, lru_cache
from typing import TYPE_CHECKING

from promo.lists.articles import Article
from promo.lists.press.page import Story

if TYPE_CHECKING:
    from markdown_it import MarkdownIt


@cache
def _markdown() -> "MarkdownIt":
    """No HTML of an author's own, nothing to fetch, nothing whose height is hard to know."""
    from markdown_it import MarkdownIt  # slow to import, and many lists have no article

    refused = ["image", "link", "autolink", "code", "fence", "blockquote", "hr", "html_block",
               "html_inline", "reference", "table"]  # fmt: skip
    return MarkdownIt("commonmark", {"html": False}).disable(refused, ignoreInvalid=True)


@lru_cache(maxsize=4096)
def story(article: Article, kind: str) -> Story:
    """The article as a template prints it; kind: its kind in words."""
    markdown = _markdown()
    tokens = markdown.parse(article.body)
    found, within = [], "p"
    for token in tokens:
        if token.type in ("list_item_open", "heading_open"):
            within = "li" if token.type == "list_item_open" else "h"
        elif token.type == "inline":
            found.append((within, " ".join(token.content.replace("*", "").split())))
            within = "li" if within == "li" else "p"
        elif token.type in ("bullet_list_close", "ordered_list_close"):
            within = "p"
    html = markdown.renderer.render(tokens, markdown.options, {})
    return Story(kind, article.head.title, html, tuple(found))
