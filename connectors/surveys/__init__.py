"""Commands of the surveys family: surveys attached to interactions, the page that customers answer on, and what they answered."""
