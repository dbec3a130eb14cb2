"""What every output for people shares: text that is shown escaped, measured and cut to a width."""
