"""How messages travel between controller and workers."""
