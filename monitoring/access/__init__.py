"""Records of access: whose they are, which crossed a boundary, and what of a source was taken."""
