"""Promises: each is an object that ends kept, broken, replaced by a later one, or dropped because nothing is owed."""
