"""What turns a stored list into paper and pixels: pages, words laid out, templates, PDF."""
