"""The HTTP doors: pages and JSON for visitors, sign-in for agents, and what operators look at."""
