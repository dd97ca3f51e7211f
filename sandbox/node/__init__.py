"""A stand-in for a node of a chain: real JSON-RPC, read only, with blocks that tests can mine."""
