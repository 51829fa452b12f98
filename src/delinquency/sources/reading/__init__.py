"""Files and cells: find them, read them strictly, recast them."""
