"""The command `kmsgate`. The only room of the core that prints."""
