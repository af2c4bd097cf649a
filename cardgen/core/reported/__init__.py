"""What a publication reports, beside what is computed: disagreements, what they imply, and what explains them."""
