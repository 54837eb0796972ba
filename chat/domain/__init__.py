"""The domain: what a help desk does and decides, in plain synchronous Python."""
