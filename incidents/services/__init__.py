"""How each organisation's services stand in an incident: one word each, kept with every change."""
