"""Look at a file before anything is trained on it: a profile, suspects, and a draft mapping."""
