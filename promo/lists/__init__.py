"""What is printed: the list, its codes, HTML, PDF and manifest; and looking a list up."""
