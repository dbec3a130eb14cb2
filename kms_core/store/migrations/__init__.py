"""How a database gets from each schema version to the next; Alembic runs `env.py` and then the versions."""
