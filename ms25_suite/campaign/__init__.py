"""Many trainings and judgements as one campaign, and the figures of the paper made of them."""
