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
        WITH steps AS (
            -- The counts are stored by creator and day: the row before is the count before.
            SELECT
                creator_key, observed_on, followers,
                lag(followers) OVER () AS before,
                date_diff('day', lag(observed_on) OVER (), observed_on) AS days,
                lag(creator_key) OVER () = creator_key AS same
            FROM counts
        ), growth AS (
            SELECT creator_key, observed_on, followers, before,
                ln(followers / CAST(before AS DOUBLE)) / days AS rate
            FROM steps
            WHERE same AND followers > 0 AND before > 0 AND days BETWEEN 1 AND 7
        ), usual AS (
            SELECT creator_key, median(rate) AS middle,
                greatest(1.4826 * mad(rate), {_LEAST_SPREAD}) AS spread
            FROM growth GROUP BY creator_key HAVING count(*) >= {_LEAST_STEPS}
        ), scored AS (
            SELECT
                creator_key,
                count(*) FILTER ((rate - middle) / spread > {SPIKE_Z}) AS growth_spikes,
                max((rate - middle) / spread) AS largest_growth_z,
                arg_max(
                    struct_pack(day := observed_on, top := followers, bottom := before),
                    struct_pack(z := (rate - middle) / spread, day := observed_on)
                ) AS jump
            FROM growth JOIN usual USING (creator_key)
            GROUP BY creator_key
        ), fallen AS (
            SELECT counts.creator_key, min(counts.followers) AS low
            FROM counts JOIN scored USING (creator_key)
            WHERE growth_spikes > 0 AND observed_on > jump.day
                AND observed_on <= jump.day + INTERVAL 14 DAY
            GROUP BY counts.creator_key
        )
        SELECT
            creator_key, growth_spikes, largest_growth_z,
            CASE WHEN low IS NOT NULL THEN
                greatest(0, (jump.top - low) / CAST(jump.top - jump.bottom AS DOUBLE))
            END AS drop_after_spike
        FROM scored LEFT JOIN fallen USING (creator_key)
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
