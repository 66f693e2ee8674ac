"""Networks as torch modules, and nothing that trains them or reads files."""
