"""Where media and rows are kept: an S3 object store, a SQL database."""
