"""The Lark grammars: what a policy document, a pattern and a condition-operator name look like."""
