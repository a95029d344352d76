"""What must be known of a lead before it is qualified, and why and for how long one is let go."""
