"""What Saveline knows and decides: pure values and functions, no database, file, network, clock or log."""
