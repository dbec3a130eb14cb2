"""MODEL → DECISION GRAPH: lowering to rows, residuals, nodes."""
