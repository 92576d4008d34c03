"""Slow by its fixture: a large catalogue is built once for the file."""

from __future__ import annotations

import pytest

from shop.catalogue import Catalogue, generate

SIZE = 12_000


@pytest.fixture(scope="module")
def large() -> Catalogue:
    """A catalogue of 12,000 products, with its index: most of a second."""
    return generate(SIZE)


def test_every_product_is_there(large: Catalogue) -> None:
    assert len(large) == SIZE


@pytest.mark.parametrize("limit", [1, 10, 100])
def test_no_more_than_asked_for_are_found(large: Catalogue, limit: int) -> None:
    assert len(large.search("oak chair", limit)) == limit


@pytest.mark.parametrize(
    "query",
    ["oak chair", "copper kettle", "wool blanket garden", "tiny", "antique glass mirror office"],
)
def test_the_best_match_has_every_word(large: Catalogue, query: str) -> None:
    best = large.search(query, limit=1)[0]
    assert set(query.split()) <= set(best.words())


@pytest.mark.parametrize("room", ["kitchen", "garden", "office", "bedroom", "hall"])
def test_categories_are_sorted_by_price(large: Catalogue, room: str) -> None:
    prices = [product.price for product in large.in_category(room)]
    assert prices == sorted(prices)
    assert prices


@pytest.mark.slow
def test_every_category_together_is_the_whole(large: Catalogue) -> None:
    rooms = {product.category for product in large}
    assert sum(len(large.in_category(room)) for room in rooms) == SIZE
