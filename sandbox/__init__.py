"""The outside world as real servers; knows no service."""
