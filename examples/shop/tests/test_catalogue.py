"""Fast: products and the words they are found by."""

from __future__ import annotations

import pytest

from shop.catalogue import Catalogue, Product, UnknownProduct, generate
from shop.money import money


def test_a_product_is_found_by_its_number(catalogue: Catalogue) -> None:
    assert catalogue["KE-1"].name == "Copper kettle"


def test_an_unknown_number_is_named(catalogue: Catalogue) -> None:
    with pytest.raises(UnknownProduct, match="XX-9"):
        catalogue["XX-9"]


def test_a_number_is_given_once() -> None:
    pencil = Product("P", "Pencil", money(1), "office")
    catalogue = Catalogue([pencil])
    with pytest.raises(ValueError, match="already taken"):
        catalogue.add(pencil)


@pytest.mark.parametrize(
    ("query", "numbers"),
    [
        ("kettle", ["KE-1"]),
        ("KETTLE!", ["KE-1"]),
        ("kitchen", ["BO-1", "KE-1"]),
        ("kitchen bowl", ["BO-1", "KE-1"]),
        ("garden lamp", ["LA-1", "CH-1"]),
        ("nothing like this", []),
        ("", []),
    ],
)
def test_search_finds_the_best_match_first(
    catalogue: Catalogue, query: str, numbers: list[str]
) -> None:
    assert [product.number for product in catalogue.search(query)] == numbers


@pytest.mark.xfail(reason="search knows no plurals yet")
def test_search_finds_plurals(catalogue: Catalogue) -> None:
    assert catalogue.search("kettles")


def test_a_category_is_listed_from_cheap_to_dear(catalogue: Catalogue) -> None:
    assert [product.number for product in catalogue.in_category("garden")] == ["LA-1", "CH-1"]


def test_a_generated_catalogue_is_always_the_same() -> None:
    assert list(generate(50, seed=3)) == list(generate(50, seed=3))
    assert list(generate(50, seed=3)) != list(generate(50, seed=4))
