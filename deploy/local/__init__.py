"""Runs the whole of Redress on one machine: Kafka, PostgreSQL, the services and the sandbox."""
