"""TEXT → TREE: JSON documents with spans, patterns, ARNs, condition-operator names. Knows no statement."""
