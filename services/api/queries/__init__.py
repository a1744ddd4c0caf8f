"""What the routes read in the tables: rows in, views out. Each takes who is asking."""
