"""From trait values to words: reference population, ranking, wording, evidence, what-if."""
