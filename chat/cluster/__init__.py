"""What Redis remembers for us: who is here, how often somebody asked, what the other nodes should hear."""
