"""What a household is: profiles, repurchase cycles, segments, eligibility."""

LEVELS = ("category", "product")
MODELS = ("default", "best")  # forecasting models by name; the first one is the usual one
