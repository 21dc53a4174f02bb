"""A tenant's grant: connect it, keep its token fresh, end it."""
