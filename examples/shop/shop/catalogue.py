"""What the shop sells, and how customers find it."""

from __future__ import annotations

import itertools
import math
import random
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal

from shop.money import money


class UnknownProduct(LookupError):
    """Nothing is sold under this number."""


@dataclass(frozen=True)
class Product:
    """One thing for sale."""

    number: str
    name: str
    price: Decimal
    category: str
    description: str = ""
    grams: int = 500

    def words(self) -> list[str]:
        """Return the words by which the product is found.

        >>> Product("T-1", "Tea pot", money(20), "kitchen", "Keeps the tea hot").words()
        ['tea', 'pot', 'kitchen', 'keeps', 'the', 'tea', 'hot']
        """
        return words(f"{self.name} {self.category} {self.description}")


def words(text: str) -> list[str]:
    """Split a text into lower-case words.

    >>> words("Salt & Pepper, 2 mills")
    ['salt', 'pepper', '2', 'mills']
    """
    return re.findall(r"[a-z0-9]+", text.lower())


class Catalogue:
    """All products, with an index of their words."""

    def __init__(self, products: Iterable[Product] = ()) -> None:
        self._products: dict[str, Product] = {}
        self._index: dict[str, Counter[str]] = defaultdict(Counter)
        for product in products:
            self.add(product)

    def __len__(self) -> int:
        return len(self._products)

    def __iter__(self) -> Iterator[Product]:
        return iter(self._products.values())

    def __contains__(self, number: object) -> bool:
        return number in self._products

    def __getitem__(self, number: str) -> Product:
        try:
            return self._products[number]
        except KeyError:
            raise UnknownProduct(number) from None

    def add(self, product: Product) -> None:
        """Sell this product from now on; its number must be new."""
        if product.number in self._products:
            raise ValueError(f"{product.number} is already taken")
        self._products[product.number] = product
        for word in product.words():
            self._index[word][product.number] += 1

    def search(self, query: str, limit: int = 10) -> list[Product]:
        """Return the products that best match the words of the query, best first.

        A word counts the more, the fewer products have it (tf-idf). Ties go by product number.
        """
        scores: Counter[str] = Counter()
        for word in set(words(query)):
            found = self._index.get(word)
            if found:
                weight = math.log(1 + len(self) / len(found))
                for number, count in found.items():
                    scores[number] += int(1000 * weight * (1 + math.log(count)))
        best = sorted(scores, key=lambda number: (-scores[number], number))
        return [self[number] for number in best[:limit]]

    def in_category(self, category: str) -> list[Product]:
        """Return the products of one category, cheapest first."""
        chosen = (product for product in self if product.category == category)
        return sorted(chosen, key=lambda product: (product.price, product.number))


_MATERIALS = ("oak", "steel", "linen", "cork", "copper", "wool", "clay", "glass", "paper", "cotton")
_THINGS = (
    "chair",
    "lamp",
    "kettle",
    "blanket",
    "bowl",
    "shelf",
    "clock",
    "basket",
    "mirror",
    "rug",
)
_STYLES = ("plain", "folding", "striped", "heavy", "tiny", "garden", "antique", "modern", "round")
_ROOMS = ("kitchen", "garden", "office", "bedroom", "hall")


def generate(count: int, seed: int = 1) -> Catalogue:
    """Return a made-up catalogue: always the same one for the same count and seed.

    >>> [product.name for product in generate(2)]
    ['Plain oak chair', 'Folding oak chair']
    """
    rng = random.Random(seed)
    kinds = itertools.product(_MATERIALS, _THINGS, _STYLES)
    products = []
    for index, (material, thing, style) in enumerate(
        itertools.islice(itertools.cycle(kinds), count)
    ):
        text = " ".join(rng.choices(_MATERIALS + _THINGS + _STYLES, k=30))
        products.append(
            Product(
                number=f"{thing[:2].upper()}-{index:05}",
                name=f"{style} {material} {thing}".capitalize(),
                price=money(Decimal(rng.randrange(100, 20_000)) / 100),
                category=rng.choice(_ROOMS),
                description=text,
                grams=rng.randrange(50, 12_000),
            )
        )
    return Catalogue(products)
