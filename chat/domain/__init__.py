"""The domain: what a support desk does and decides, in plain synchronous Python."""
