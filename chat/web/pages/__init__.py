"""HTML pages for visitors and agents."""
