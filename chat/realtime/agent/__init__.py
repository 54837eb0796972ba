"""The namespace /agent."""
