from backorders.backoffice.admin import (
    accounts,
    allocation,
    catalog,
    changes,
    chasing,
    compensation,
    delays,
    notifications,
    orders,
    supply,
)

__all__ = [
    "accounts",
    "allocation",
    "catalog",
    "changes",
    "chasing",
    "compensation",
    "delays",
    "notifications",
    "orders",
    "supply",
]
