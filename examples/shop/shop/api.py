"""The shop over HTTP: a WSGI application that speaks JSON.

=======  ======================  ==========================================
GET      /products?q=WORDS       search
GET      /products/NUMBER        one product
POST     /carts                  a new, empty cart
GET      /carts/ID               what is in it
POST     /carts/ID/items         put in: ``{"number": ..., "quantity": ...}``
POST     /carts/ID/order         buy: ``{"card": ..., "country": ...}``
GET      /orders/NUMBER          an order
GET      /orders/NUMBER/invoice  its invoice, as plain text
=======  ======================  ==========================================
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from http import HTTPStatus
from socketserver import ThreadingMixIn
from typing import Any
from urllib.parse import parse_qs
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from shop.cart import Cart
from shop.catalogue import Catalogue, Product, UnknownProduct
from shop.delivery import CannotDeliver
from shop.orders import Order, Orders
from shop.payment import Declined, Provider, Unreachable
from shop.stock import SoldOut, Stock

Answer = tuple[HTTPStatus, Any]
StartResponse = Callable[[str, list[tuple[str, str]]], object]

#: What goes wrong in the shop, and what HTTP calls it.
STATUS_OF: dict[type[Exception], HTTPStatus] = {
    UnknownProduct: HTTPStatus.NOT_FOUND,
    SoldOut: HTTPStatus.CONFLICT,
    Declined: HTTPStatus.PAYMENT_REQUIRED,
    Unreachable: HTTPStatus.BAD_GATEWAY,
    CannotDeliver: HTTPStatus.UNPROCESSABLE_ENTITY,
    ValueError: HTTPStatus.BAD_REQUEST,
    TypeError: HTTPStatus.BAD_REQUEST,
    KeyError: HTTPStatus.BAD_REQUEST,
}


class Shop:
    """The WSGI application."""

    def __init__(self, catalogue: Catalogue, stock: Stock, provider: Provider) -> None:
        self.catalogue = catalogue
        self.stock = stock
        self.orders = Orders(stock, provider)
        self._carts: dict[int, Cart] = {}

    def __call__(self, environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request (PEP 3333)."""
        try:
            status, answer = self._route(environ)
        except tuple(STATUS_OF) as error:
            kind = next(kind for kind in STATUS_OF if isinstance(error, kind))
            status, answer = STATUS_OF[kind], {"error": str(error)}
        is_text = isinstance(answer, str)
        body = (answer if is_text else json.dumps(answer)).encode()
        headers = [
            ("Content-Type", "text/plain; charset=utf-8" if is_text else "application/json"),
            ("Content-Length", str(len(body))),
        ]
        start_response(f"{status.value} {status.phrase}", headers)
        return [body]

    def _route(self, environ: dict[str, Any]) -> Answer:
        path = [part for part in str(environ["PATH_INFO"]).split("/") if part]
        request = (environ["REQUEST_METHOD"], *path)
        match request:
            case ("GET", "products"):
                query = parse_qs(environ.get("QUERY_STRING", "")).get("q", [""])[0]
                return HTTPStatus.OK, [_product(found) for found in self.catalogue.search(query)]
            case ("GET", "products", number):
                return HTTPStatus.OK, _product(self.catalogue[number])
            case ("POST", "carts"):
                ident = len(self._carts) + 1
                self._carts[ident] = Cart(self.catalogue)
                return HTTPStatus.CREATED, {"id": ident}
            case ("GET", "carts", ident) if self._has_cart(ident):
                return HTTPStatus.OK, _cart(self._carts[int(ident)])
            case ("POST", "carts", ident, "items") if self._has_cart(ident):
                item = _body(environ)
                self._carts[int(ident)].add(item["number"], int(item.get("quantity", 1)))
                return HTTPStatus.OK, _cart(self._carts[int(ident)])
            case ("POST", "carts", ident, "order") if self._has_cart(ident):
                wish = _body(environ)
                cart = self._carts[int(ident)]
                order = self.orders.place(cart, wish["card"], wish.get("country", "DE"))
                return HTTPStatus.CREATED, _order(order)
            case ("GET", "orders", number) if self._has_order(number):
                return HTTPStatus.OK, _order(self.orders[int(number)])
            case ("GET", "orders", number, "invoice") if self._has_order(number):
                return HTTPStatus.OK, self.orders[int(number)].invoice()
        return HTTPStatus.NOT_FOUND, {"error": f"nothing at {environ['PATH_INFO']}"}

    def _has_cart(self, ident: str) -> bool:
        return ident.isdecimal() and int(ident) in self._carts

    def _has_order(self, number: str) -> bool:
        return number.isdecimal() and 1 <= int(number) <= len(self.orders)


def _body(environ: dict[str, Any]) -> dict[str, Any]:
    length = int(environ.get("CONTENT_LENGTH") or 0)
    body = json.loads(environ["wsgi.input"].read(length) or b"{}")
    if not isinstance(body, dict):
        raise ValueError("a JSON object is wanted")
    return body


def _product(product: Product) -> dict[str, Any]:
    return {"number": product.number, "name": product.name, "price": str(product.price)}


def _cart(cart: Cart) -> dict[str, Any]:
    items = [{"number": line.product.number, "quantity": line.quantity} for line in cart]
    return {"items": items, "total": str(cart.total)}


def _order(order: Order) -> dict[str, Any]:
    return {"number": order.number, "state": order.state.value, "total": str(order.total)}


class _Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True


class _Quiet(WSGIRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - http.server's name
        pass


@contextmanager
def serve(shop: Shop) -> Iterator[tuple[str, int]]:
    """Run the shop on a free port of this machine; give its host and port."""
    with make_server("127.0.0.1", 0, shop, server_class=_Server, handler_class=_Quiet) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        try:
            yield "127.0.0.1", server.server_port
        finally:
            server.shutdown()
            thread.join()
