"""The dispute machine: pure decisions over tables that are data. No I/O, no clock, no ids."""
