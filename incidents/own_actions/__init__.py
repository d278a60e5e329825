"""What an organisation did by itself, without being asked: writing it down, taking it back, what a board says of it."""
