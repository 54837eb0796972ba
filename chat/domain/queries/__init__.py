"""Reads that several actions share. None of them writes."""
