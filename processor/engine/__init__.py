"""The pure core: flow, interaction, event and definitions go in; what follows comes out. No I/O, no clock, no chance."""
