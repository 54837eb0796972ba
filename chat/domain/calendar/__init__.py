"""The calendar: putting another one in force."""
