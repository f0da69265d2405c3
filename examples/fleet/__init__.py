"""Many workers, one account."""
