"""What lies under the sky."""
