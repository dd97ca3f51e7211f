"""Everything that runs Redress somewhere: on one machine, as a demonstration, in containers."""
