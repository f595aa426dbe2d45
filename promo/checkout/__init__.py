"""What happens at the till."""
