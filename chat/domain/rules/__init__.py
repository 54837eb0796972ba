"""Decisions as pure functions of plain values: no database, no network, no clock."""
