"""One incident as a file of what its reader may see: JSON whole, CSV for a spreadsheet; streamed in batches."""
