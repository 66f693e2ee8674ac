"""How near a restored picture is to the sharp one: pure functions on numpy arrays."""
