from backorders.backoffice.admin import accounts, allocation, catalog, changes, notifications, orders, supply

__all__ = ["accounts", "allocation", "catalog", "changes", "notifications", "orders", "supply"]
