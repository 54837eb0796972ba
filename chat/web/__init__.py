"""The HTTP server. Its folders, the lowest first: core, auth, api, pages; routes.py lists every route."""
