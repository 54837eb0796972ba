"""Which agent gets which chat: offers, claims, transfers, and what changes as time passes."""
