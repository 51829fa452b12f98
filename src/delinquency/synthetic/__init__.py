"""A card portfolio whose causes are known: its tables, its hidden truth, and how real it looks."""
