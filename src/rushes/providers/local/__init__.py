"""Work that this machine does itself: split, join, subtitle and mux."""
