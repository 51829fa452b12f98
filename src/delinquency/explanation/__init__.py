"""Why a model gives an account its score: trait values, reasons in words, what-if."""
