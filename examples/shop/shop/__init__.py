"""A small web shop: catalogue, prices, cart, stock, delivery, payment, orders, and an HTTP API."""
