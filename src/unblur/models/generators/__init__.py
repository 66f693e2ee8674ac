"""Networks that restore: (B, 3, H, W) RGB in 0..1 in, the same out."""
