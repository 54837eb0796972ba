"""Posts in the driver's own SQL, one writer for each database."""
