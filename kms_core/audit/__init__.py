"""The decision log: what a record says, how records are chained, how a chain is verified, and writing them.

Not the decisions themselves (`gate`) and not the rows (`store`). What it proves, and what not: `chain`.
"""
