"""What an organisation keeps of an incident for itself: situation reports (M/ETHANE), and what it costs."""
