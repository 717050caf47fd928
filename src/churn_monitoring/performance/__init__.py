"""What labels and calibrated scores say about the champion: realized, estimated, and why it changed."""
