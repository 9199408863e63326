"""Picture files to and from uint8 RGB arrays."""
