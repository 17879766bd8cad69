"""Payments at a provider that speaks as Stripe does: Checkout Sessions, and webhooks that are signed."""
