"""The socket doors: what visitors and agents say and hear while they are connected."""
