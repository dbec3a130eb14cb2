"""Other engines on the workload's decisions: what each is, how each is asked, and the run that compares them.

An engine is a peer once it agrees: whoever differs on a request is reported with an example, and not timed.
"""
