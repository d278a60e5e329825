"""What a person has to look at, by rules that say why."""
