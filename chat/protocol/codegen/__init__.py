"""Generates client/protocol/ and the tables of docs/ from the shapes of the wire, the routes and the settings."""
