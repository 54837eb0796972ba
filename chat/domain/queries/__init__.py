"""Reads that several actions share; nothing here writes."""
