"""The types of element arguments: text to value, value to text, value to C. Elements see them through
nmclick.element."""
