"""The local runtime: Kafka, an S3 store and the services on one machine, with Python alone."""
