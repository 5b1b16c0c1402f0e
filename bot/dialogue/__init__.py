"""What skills work with: the turn, what it refers to and asks for, the agents' desk."""
