"""The goods of an offer: its lists of codes, brands and categories, as products of the table."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from sqlalchemy import Connection, select

from promo import tables
from promo.offers import conditions
from promo.offers.conditions import Purchase
from promo.offers.terms import OfferError, Terms
from promo.scans.gtin import CodeError, gtin14


@dataclass
class Goods:
    """The products of each purchase that the offer may be given on; sentences on the others."""

    products: dict[int, set[str]] = field(default_factory=dict)
    notices: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Known:
    """The product and store tables, as far as offers need them."""

    products: frozenset[str]
    by_brand: Mapping[str, frozenset[str]]
    by_category: Mapping[str, frozenset[str]]
    banned: frozenset[str]
    stores: frozenset[str]

    @classmethod
    def read(cls, connection: Connection, never: frozenset[str]) -> "Known":
        """The tables as they are; `never` are the categories that no offer may be given on."""
        table = tables.Product
        rows = connection.execute(
            select(table.id, table.brand, table.category, table.no_coupon)
        ).all()
        brands, categories = defaultdict(set), defaultdict(set)
        for product, brand, category, _ in rows:
            brands[brand].add(product)
            categories[category].add(product)
        return cls(
            frozenset(row.id for row in rows),
            {name: frozenset(found) for name, found in brands.items() if name},
            {name: frozenset(found) for name, found in categories.items() if name},
            frozenset(row.id for row in rows if row.no_coupon or row.category in never),
            frozenset(connection.execute(select(tables.Store.id)).scalars()),
        )

    def goods(self, terms: Terms, where: str) -> Goods:
        """The products of each purchase. Raises OfferError where one has none left."""
        found = Goods()
        for number, purchase in terms.purchases.items():
            if purchase.named:
                prefix = ("", "second.", "third.")[number - 1]
                found.products[number] = self._purchase(purchase, prefix, where, found)
        return found

    def check_names(self, terms: Terms, where: str) -> None:
        """Raise OfferError for a brand, category or store that no table knows."""
        for number, purchase in terms.purchases.items():
            prefix = ("", "second.", "third.")[number - 1]
            for goods, inside in ((purchase, prefix), (purchase.but_not, f"{prefix}but_not.")):
                _known(goods.brands, self.by_brand, f"{inside}brands", where, "product's brand")
                _known(goods.categories, self.by_category, f"{inside}categories", where,
                       "product's category")  # fmt: skip
        _known(terms.rivals.brands, self.by_brand, "rivals.brands", where, "product's brand")
        _known(terms.where.stores, self.stores, "where.stores", where, "store")
        _known(terms.where.but_not, self.stores, "where.but_not", where, "store")

    def _purchase(self, purchase: Purchase, prefix: str, where: str, found: Goods) -> set[str]:
        wanted = self._all(purchase, f"{prefix}products", where)
        without = self._all(purchase.but_not, f"{prefix}but_not.products", where)
        unknown = sorted(wanted - self.products)
        wanted = (wanted & self.products) - without
        banned = wanted & self.banned
        if unknown:
            found.notices.append(
                f"{where}: {len(unknown)} products are not in the product table and are left out, "
                f"{unknown[0]!r} among them."
            )
        if banned:
            found.notices.append(
                f"{where}: {len(banned)} products are left out: no_coupon, sensitive or restricted."
            )
        if not wanted - banned:
            said = f"{where}: `{prefix}products`: no product is left to give it on."
            raise OfferError(" ".join([*found.notices, said]))
        return wanted - banned

    def _all(self, goods: conditions.Goods, name: str, where: str) -> set[str]:
        """Every product that is named, by whatever name."""
        found = {product_id(product, name, where) for product in goods.products}
        for brand in goods.brands:
            found |= self.by_brand.get(brand, frozenset())
        for category in goods.categories:
            found |= self.by_category.get(category, frozenset())
        return found


def _known(names: Iterable[str], known: Iterable[str], name: str, where: str, what: str) -> None:
    unknown = [each for each in names if each not in known]
    if unknown:
        raise OfferError(f"{where}: `{name}`: {unknown[0]!r} is no {what}.")


def product_id(product: str, name: str, where: str) -> str:
    """The id of a product as it is written: any form of GTIN becomes GTIN-14."""
    domain, _, code = product.partition(":")
    if domain != "gtin":
        return product
    try:
        return f"gtin:{gtin14(code)}"
    except CodeError as error:
        raise OfferError(f"{where}: `{name}`: {error}") from None
