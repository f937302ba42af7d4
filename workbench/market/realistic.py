"""Laws whose marginals are those of real posts; ``benchmarks.market_marginals`` compares them.

Instagram's photos are as calm as real ones of 2017 and 2018. Of its reels there are no real posts
at hand, so they have about the spread of TikTok's videos, and YouTube's law is the sample's.
"""

from __future__ import annotations

from typing import Any

from workbench.market.settings import LAWS, PlatformLaw, Shape, TexturedLaw

REALISTIC_SHAPE: Shape = "skewed_low"  # of creators about the curve


def _textured(platform: str, **values: Any) -> TexturedLaw:
    followers = {"wave_size": 0.5, "wave_following": 0.45}
    return TexturedLaw(**(vars(LAWS[platform]) | followers | values))


REALISTIC: dict[str, PlatformLaw] = {
    "instagram": _textured(
        "instagram",
        exponent=0.93,
        residual_sd=0.28,
        residual_sd_slope=0.012,
        post_sd=(0.035, 1.0),
        post_sd_shape=8.0,
        post_skew=-0.08,
        post_tail=0.85,
        post_memory=0.06,
        photo_spread=0.42,
        photo_viral=0.004,
        viral_share=0.045,
        comment_share=0.025,
        part_spread=(0.28, 0.22, 0.22),
        part_shape=(2.2, 3.0, 4.0),
        span_days=45.0,
        span_spread=0.8,
        pace_slope=0.25,
    ),
    "tiktok": _textured(
        "tiktok",
        residual_sd=0.53,
        residual_sd_slope=0.0,
        post_sd=(0.13, 0.66),
        post_sd_shape=3.5,
        post_skew=0.18,
        post_memory=0.05,
        viral_share=0.032,
        comment_share=0.009,
        share_share=0.006,
        part_spread=(0.30, 0.46, 0.22),
        part_shape=(4.5, 2.0, 4.0),
        part_power=(0.7, 1.0, 1.0),
        span_days=45.0,
        span_spread=1.6,
        pace_slope=0.15,
    ),
    "youtube": _textured("youtube"),
}
