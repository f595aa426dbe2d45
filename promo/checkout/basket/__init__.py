"""Which offers a basket gets together: pure functions, which open nothing and read no clock."""
