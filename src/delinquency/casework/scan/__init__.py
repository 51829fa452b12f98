"""The casework for a whole portfolio: columns of accounts, equal to the single case."""
