"""Plans: stages of one map and steps, the cheapest machine arithmetic that is provably exact, verdicts on overflow."""
