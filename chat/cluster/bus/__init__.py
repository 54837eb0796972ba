"""The event bus between nodes."""
