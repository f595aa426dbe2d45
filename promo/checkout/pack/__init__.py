"""The offline pack: what a store needs to redeem while its line to head office is down."""
