"""``workbench market``: a simulated market with known truth, to try a method on."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Annotated

import typer

from workbench.cli.messages import Json, Quiet, Verbose, check_empty, give, say, set_messages


def market(
    out: Annotated[Path, typer.Option(help="New or empty folder for exports/ and truth/.")],
    seed: Annotated[int, typer.Option(help="Same seed, same market.", min=0)] = 1,
    creators: Annotated[int, typer.Option(help="On all three platforms.", min=30)] = 400,
    weeks: Annotated[int, typer.Option(help="Of follower history.")] = 26,
    days_between_counts: Annotated[int, typer.Option(help="Of followers: 7 weekly, 1 daily.")] = 7,
    error_shape: Annotated[
        str,
        typer.Option(
            help="Of creators about the curve: skewed_low (as measured), skewed_heavy, normal, t, "
            "skewed, heteroscedastic."
        ),
    ] = "skewed_low",
    post_shape: Annotated[
        str, typer.Option(help="Of posts about their creator's median, as error-shape.")
    ] = "normal",
    bought: Annotated[
        list[str] | None,
        typer.Option(help="Kind of bought engagement, several times for several; else eight."),
    ] = None,
    selection: Annotated[
        str,
        typer.Option(
            help="How exports were picked: none, top_engagements, top_views, engagement_rate."
        ),
    ] = "none",
    selection_share: Annotated[float, typer.Option(help="Kept of a top list, 0-1.")] = 0.3,
    selection_rate: Annotated[
        float, typer.Option(help="Least engagement rate, 0.03 is 3%.")
    ] = 0.03,
    selection_softness: Annotated[
        float, typer.Option(help="0 a sharp edge; else its scale in dex, such as 0.2.")
    ] = 0.0,
    fee_follows_quality: Annotated[
        float, typer.Option(help="Correlation of fees with the hidden quality, 0-1.")
    ] = 0.4,
    regime: Annotated[
        str, typer.Option(help="What makes audiences overlap: activity, niche, independent.")
    ] = "activity",
    posts_only: Annotated[
        bool, typer.Option("--posts-only", help="Without followers, fees, campaigns and vendors.")
    ] = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
    json: Json = False,
) -> None:
    """Write the exports of a simulated market, and beside them what is true of it.

    Its laws are near real posts of Instagram and TikTok; of YouTube none were at hand.

    Example: workbench market --seed 7 --creators 2000 --error-shape t --out my-market
    """
    set_messages(quiet=quiet, verbose=verbose)
    check_empty(out)
    from workbench.market.fees import FeeSettings
    from workbench.market.people import PeopleSettings
    from workbench.market.realistic import REALISTIC
    from workbench.market.settings import varied_settings
    from workbench.market.surroundings import Surroundings, surround
    from workbench.market.world import make_market, write_market

    around = Surroundings(
        fees=FeeSettings(fee_follows_quality=fee_follows_quality),
        people=PeopleSettings(regime=regime),  # type: ignore[arg-type]
    )

    settings = varied_settings(
        creators,
        seed=seed,
        laws=dict(REALISTIC),
        weeks_of_history=weeks,
        days_between_counts=days_between_counts,
        error_shape=error_shape,
        post_shape=post_shape,
        selection=selection,
        selection_share=selection_share,
        selection_rate=selection_rate,
        selection_softness=selection_softness,
        **({"bought_kinds": tuple(bought)} if bought else {}),
    )
    say(f"Making {creators:,} creators ...")
    made = make_market(settings)
    if not posts_only:
        made = surround(made, around)
    write_market(made, out)
    exports, truth = out / "exports", out / "truth"
    files = sorted(path.name + "/" * path.is_dir() for path in exports.iterdir())
    follow_up = (
        f"workbench import {shlex.quote(str(exports))}/*.csv "
        f"--out data/private/{shlex.quote(out.resolve().name)} --yes"
    )
    told: dict[str, object] = {"exports": str(exports), "truth": str(truth), "files": files}
    told |= {"creators": len(made.truth_creators), "creators_in_exports": len(made.creators)}
    told |= {"posts": len(made.posts), "next": follow_up}
    text = (
        "{creators_in_exports:,} of {creators:,} creators, {posts:,} posts.\n".format(**told)
        + f"what an agency would have: {exports} ({', '.join(files)})\n"
        f"what is true of it, which no method may read: {truth}\n"
        f"next: {follow_up}"
    )
    give(told, text, as_json=json)
