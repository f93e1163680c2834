"""The figures that a prompt can call for."""
