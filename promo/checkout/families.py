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
        prefixes = sorted({prefix for each in handed for prefix, _ in each.groups.values()})
        if not prefixes:
            return cls((), (), products)
        of, among = statements.several(prefixes), statements.among
        listed = {(row[0], row[1])
                  for row in statements.rows(LISTED.format(among("prefix")), (of,))}  # fmt: skip
        query = CARRIED.format(among("prefix"), among("product"))
        bought = statements.several(sorted(products))
        carried = [(row[0], row[1], row[2]) for row in statements.rows(query, (of, bought))]
        return cls(listed, carried if listed else (), products)

    def knows(self, group: Group) -> bool:
        """Whether the maker's list has the family."""
        return any(_in(group, each) for each in self.listed)

    def lists(self, prefix: str) -> bool:
        """Whether there is a list of the maker's families."""
        return any(prefix == each for each, _ in self.listed)

    def of(self, group: Group) -> set[str]:
        """The basket's products of a maker's family."""
        prefix, family = group
        found = {product for *carried, product in self.carried if _in(group, tuple(carried))}
        if family == ALL or not self.lists(prefix):
            found |= {product for product in self.products if is_of(prefix, product)}
        return found


def _in(group: Group, family: Sequence[str]) -> bool:
    return group[0] == family[0] and family[1].startswith(group[1].rstrip("0"))


def is_of(prefix: str, product: str) -> bool:
    """Whether a product's GTIN was given out under a company prefix.

    Six digits are a U.P.C. company prefix, which stands in a GTIN-12; longer ones stand in the
    GTIN-13, so that 0614141 is the maker whose U.P.C. company prefix is 614141.
    """
    domain, _, gtin = product.partition(":")
    if domain != "gtin":
        return False
    if len(prefix) == UPC:
        return gtin[1] == "0" and gtin[2:].startswith(prefix)
    return gtin[1:].startswith(prefix)


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
