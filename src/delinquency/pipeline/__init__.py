"""What several stages share, each made once: tables, features, runs and the trained model."""
