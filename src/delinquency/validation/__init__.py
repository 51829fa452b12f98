"""Whether a model, and its explanation, are right: checks with figures."""
