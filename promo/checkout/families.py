"""Which of a basket's products an 8110 coupon means: by its maker's families, else by its maker.

A maker's list of families says which products carry which code (`promo coupons families`). Zeros
at a code's end stand for any digit there, as GS1 US's summary codes have it: 120 means the families
120 to 129, 100 means 100 to 199, and 000 all that the maker has.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from promo.checkout.handed import Group, Handed
from promo.checkout.statements import Statements

LISTED = "select prefix, family from coupon_families where {} group by prefix, family"
CARRIED = "select prefix, family, product from coupon_families where {} and {}"
GLN = "select gln from stores where id = ?"
ALL = "000"
UPC = 6  # digits of a U.P.C. company prefix; GS1 company prefixes are longer


def maker(prefix: str) -> str:
    """A company prefix as it stands in a GTIN-13, under which a maker has one name.

    Six digits are a U.P.C. company prefix, which stands in a GTIN-12 and becomes a GS1 company
    prefix by a zero in front: 614141 and 0614141 are one maker (GS1 General Specifications, 1.4).
    """
    return f"0{prefix}" if len(prefix) == UPC else prefix


def spellings(prefix: str) -> set[str]:
    """All ways in which coupons and files may write a maker's prefix."""
    own = maker(prefix)
    return {own, own[1:]} if own[0] == "0" and len(own) == UPC + 1 else {own}


@dataclass(frozen=True)
class Families:
    """What makers' lists say: the families that they have, and those of the basket's products."""

    listed: Collection[Group]
    carried: Collection[tuple[str, str, str]]
    products: Collection[str]

    @classmethod
    def read(
        cls, statements: Statements, handed: Iterable[Handed], products: Collection[str]
    ) -> "Families":
        """The families of the makers whose coupons are handed over."""
        named = {prefix for each in handed for prefix, _ in each.groups.values()}
        prefixes = sorted({each for prefix in named for each in spellings(prefix)})
        if not prefixes:
            return cls((), (), products)
        of, among = statements.several(prefixes), statements.among
        listed = {(maker(row[0]), row[1])
                  for row in statements.rows(LISTED.format(among("prefix")), (of,))}  # fmt: skip
        query = CARRIED.format(among("prefix"), among("product"))
        bought = statements.several(sorted(products))
        carried = [(maker(row[0]), row[1], row[2]) for row in statements.rows(query, (of, bought))]
        return cls(listed, carried if listed else (), products)

    def knows(self, group: Group) -> bool:
        """Whether the maker's list has the family."""
        return any(_in(group, each) for each in self.listed)

    def lists(self, prefix: str) -> bool:
        """Whether there is a list of the maker's families."""
        return any(maker(prefix) == each for each, _ in self.listed)

    def of(self, group: Group) -> set[str]:
        """The basket's products of a maker's family."""
        prefix, family = group
        found = {product for *carried, product in self.carried if _in(group, tuple(carried))}
        if family == ALL or not self.lists(prefix):
            found |= {product for product in self.products if is_of(prefix, product)}
        return found


def _in(group: Group, family: Sequence[str]) -> bool:
    return maker(group[0]) == family[0] and family[1].startswith(group[1].rstrip("0"))


def is_of(prefix: str, product: str) -> bool:
    """Whether a product's GTIN was given out under a company prefix."""
    domain, _, gtin = product.partition(":")
    return domain == "gtin" and gtin[1:].startswith(maker(prefix))


def fitting(
    statements: Statements, handed: Sequence[Handed], products: Collection[str], store: str, *,
    any_of_maker: bool,
) -> tuple[list[Handed], dict[str, list[tuple[str, int]]]]:  # fmt: skip
    """Coupons held against makers' lists and the store, and what the products count to.

    any_of_maker: whether a maker without a list of families has all its products meant.
    """
    families = Families.read(statements, handed, products)
    taken = [_held_against(statements, each, families, store, any_of_maker) for each in handed]
    matches: dict[str, list[tuple[str, int]]] = {}
    for offer, number, group in sorted(
        {(each.offer, *one) for each in taken if not each.why for one in each.groups.items()}
    ):
        for product in families.of(group):
            matches.setdefault(product, []).append((offer, number))
    return taken, matches


def _held_against(
    statements: Statements, handed: Handed, families: Families, store: str, any_of_maker: bool
) -> Handed:  # fmt: skip
    if handed.why:
        return handed
    if handed.retailer is not None and not _is_at(statements, handed.retailer, store):
        return handed.refused("store", f"It is good in stores whose GLN begins {handed.retailer}.")
    for prefix, family in handed.groups.values():
        if family == ALL or families.knows((prefix, family)):
            continue
        if families.lists(prefix) or not any_of_maker:
            detail = f"No list of families has {family} of {prefix}."
            return handed.refused("coupon_unclear", detail)
    return handed


def _is_at(statements: Statements, retailer: str, store: str) -> bool:
    return any((gln or "").startswith(retailer) for (gln,) in statements.rows(GLN, (store,)))
