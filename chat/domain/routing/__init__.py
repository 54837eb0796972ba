"""Who gets which chat: offers, claims, transfers, and what time does to them."""
