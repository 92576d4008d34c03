"""Slow by waiting: customers' journeys through a running HTTP server."""

from __future__ import annotations

import json
from collections.abc import Iterator
from http.client import HTTPConnection
from typing import Any

import pytest

from shop.api import Shop, serve
from shop.catalogue import Catalogue
from shop.payment import Provider
from shop.samples import PRODUCTS
from shop.stock import Stock

CARD = "4111 1111 1111 1111"


class Client:
    """Speaks JSON with the shop."""

    def __init__(self, host: str, port: int) -> None:
        self._address = (host, port)

    def __call__(self, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        connection = HTTPConnection(*self._address, timeout=10)
        try:
            connection.request(method, path, None if body is None else json.dumps(body))
            answer = connection.getresponse()
            content = answer.read().decode()
            is_json = answer.headers.get_content_type() == "application/json"
            return answer.status, json.loads(content) if is_json else content
        finally:
            connection.close()


@pytest.fixture(scope="module")
def client() -> Iterator[Client]:
    """A shop that runs for all tests of this file, with a provider of real slowness."""
    stock = Stock()
    for product in PRODUCTS:
        stock.deliver(product.number, 99)
    with serve(Shop(Catalogue(PRODUCTS), stock, Provider(latency=0.2))) as address:
        yield Client(*address)


@pytest.fixture
def cart(client: Client) -> str:
    """The path of a new cart."""
    status, answer = client("POST", "/carts")
    assert status == 201
    return f"/carts/{answer['id']}"


@pytest.mark.parametrize("query", ["kettle", "copper", "sings"])
def test_search(client: Client, query: str) -> None:
    status, found = client("GET", f"/products?q={query}")
    assert status == 200
    assert [product["number"] for product in found] == ["KE-1"]


@pytest.mark.parametrize("product", PRODUCTS, ids=lambda product: product.number)
def test_every_product_has_a_page(client: Client, product: Any) -> None:
    status, answer = client("GET", f"/products/{product.number}")
    assert (status, answer["price"]) == (200, str(product.price))


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/"),
        ("GET", "/products/XX-9"),
        ("GET", "/carts/0"),
        ("GET", "/carts/me"),
        ("POST", "/products"),
        ("GET", "/orders/10000"),
        ("GET", "/orders/0/invoice"),
    ],
)
def test_what_is_not_there(client: Client, method: str, path: str) -> None:
    assert client(method, path)[0] == 404


@pytest.mark.parametrize(
    "item", [{}, [], {"number": "PE-1", "quantity": 0}, {"number": "PE-1", "quantity": "x"}]
)
def test_nonsense_is_refused(client: Client, cart: str, item: Any) -> None:
    assert client("POST", f"{cart}/items", item)[0] == 400


@pytest.mark.slow
@pytest.mark.parametrize("product", PRODUCTS, ids=lambda product: product.number)
def test_a_journey_from_search_to_invoice(client: Client, cart: str, product: Any) -> None:
    _, found = client("GET", f"/products?q={product.name.replace(' ', '+')}")
    assert found[0]["number"] == product.number
    _, content = client("POST", f"{cart}/items", {"number": found[0]["number"], "quantity": 2})
    status, order = client("POST", f"{cart}/order", {"card": CARD})
    assert (status, order["state"]) == (201, "paid")
    assert float(order["total"]) >= float(content["total"])
    _, invoice = client("GET", f"/orders/{order['number']}/invoice")
    assert f"2 x {product.name}" in invoice


@pytest.mark.slow
@pytest.mark.parametrize(
    ("number", "quantity", "wish", "status"),
    [
        ("PE-1", 1, {"card": "1234"}, 402),
        ("CH-1", 9, {"card": CARD}, 422),
        ("PE-1", 1, {"card": CARD, "country": "AQ"}, 422),
        ("PE-1", 1, {}, 400),
    ],
)
def test_an_order_that_cannot_be(
    client: Client, cart: str, number: str, quantity: int, wish: dict[str, str], status: int
) -> None:
    client("POST", f"{cart}/items", {"number": number, "quantity": quantity})
    assert client("POST", f"{cart}/order", wish)[0] == status
