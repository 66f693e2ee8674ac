"""Model files: where they are, what they say of themselves, and that they are what they say."""
