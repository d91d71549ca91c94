"""The Click language: from source text to a flat configuration of elements and connections."""
