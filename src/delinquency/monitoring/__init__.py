"""A new month of accounts against the reference that is stored with the model."""
