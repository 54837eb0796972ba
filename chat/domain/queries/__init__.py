"""Reads that several actions share. Only `calendar.set_calendar` writes."""
