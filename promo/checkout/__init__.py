"""What happens at the till: who may ask, which list a code opens, and the service that answers."""
