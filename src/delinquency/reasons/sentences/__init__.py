"""What each family of features says of an account, above and below the reference."""
