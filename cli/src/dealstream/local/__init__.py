"""The real servers of a local platform, from installed packages: PostgreSQL, Apache Kafka, a mail catcher."""
