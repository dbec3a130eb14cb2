"""The condition operators: one family a file, each operator one record."""
