"""The five handling steps as pure functions: no action reaches an output unchecked."""
