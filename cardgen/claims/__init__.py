"""Popular claims, divided out again with the factor tables: which factor and edition gives the printed count, or why none does."""
