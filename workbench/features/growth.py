"""How followers grew from count to count: jumps out of the ordinary, and what was lost after."""

from workbench.features.family import Family

SPIKE_Z = 6  # robust standard deviations above the creator's own usual growth
_LEAST_STEPS = 14
# Growth that is the same every day has no spread; less than this, in log followers a day, is none.
_LEAST_SPREAD = 0.0005
_FEW = ("true", f"fewer than {_LEAST_STEPS} follower counts at most a week apart")

GROWTH = Family(
    name="growth",
    query=f"""
        WITH usual AS (
            SELECT
                creator,
                median(rate) AS middle,
                greatest(1.4826 * mad(rate), {_LEAST_SPREAD}) AS spread,
                (max(rate) - middle) / spread AS largest_growth_z
            FROM counts WHERE rate IS NOT NULL
            GROUP BY creator HAVING count(*) >= {_LEAST_STEPS}
        ), jumpy AS (
            SELECT * FROM usual WHERE largest_growth_z > {SPIKE_Z}
        ), jumps AS (
            SELECT
                creator,
                count(*) AS growth_spikes,
                max(observed_on) FILTER ((rate - middle) / spread = largest_growth_z) AS day
            FROM counts JOIN jumpy USING (creator)
            WHERE (rate - middle) / spread > {SPIKE_Z}
            GROUP BY creator
        ), fallen AS (
            SELECT
                creator,
                any_value(followers) FILTER (observed_on = day) AS top,
                arg_max(followers, observed_on) FILTER (observed_on < day) AS bottom,
                min(followers) FILTER (observed_on > day) AS low
            FROM counts JOIN jumps USING (creator)
            WHERE observed_on BETWEEN day - 7 AND day + 14
            GROUP BY creator
        )
        SELECT
            creator,
            coalesce(growth_spikes, 0) AS growth_spikes,
            largest_growth_z,
            CASE WHEN low IS NOT NULL THEN
                greatest(0, (top - low) / CAST(top - bottom AS DOUBLE))
            END AS drop_after_spike
        FROM usual LEFT JOIN jumps USING (creator) LEFT JOIN fallen USING (creator)
    """,
    columns={
        "growth_spikes": f"Steps of growth over {SPIKE_Z} robust sd above the creator's median.",
        "largest_growth_z": "The largest of them: (log growth a day - median) / (1.4826 x MAD).",
        "drop_after_spike": "Of the largest spike's gain, the part lost within 14 days after it.",
    },
    reasons={
        "growth_spikes": (_FEW,),
        "largest_growth_z": (_FEW,),
        "drop_after_spike": (
            ("growth_spikes IS NULL", _FEW[1]),
            ("growth_spikes = 0", "no spike"),
            ("true", "no follower count in the 14 days after the largest spike"),
        ),
    },
)
