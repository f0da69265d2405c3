"""One noun each: its answers, its commands, its methods."""
