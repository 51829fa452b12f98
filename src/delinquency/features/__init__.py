"""Features that mirror the six traits, one module a trait."""
