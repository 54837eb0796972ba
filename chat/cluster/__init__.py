"""State shared by the nodes through Redis: presence, rate limits and the event bus. It knows no product words."""
