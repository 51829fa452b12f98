"""Stage ``treat``: a lawful, helpful proposal for every account above the cut-off."""

from datetime import datetime, timedelta
from decimal import Decimal

import pandas as pd

from delinquency.casework.case_file import zone_of
from delinquency.casework.charges import scan_charges
from delinquency.casework.plan_options import Terms
from delinquency.casework.proposals import ProposalTerms
from delinquency.casework.scan.situations import charge_frame, situations
from delinquency.config import Config
from delinquency.errors import ChoiceError, MissingArtifactError
from delinquency.pipeline.canonical_tables import part_folders
from delinquency.pipeline.saved_model import explained_model
from delinquency.policy import Policy
from delinquency.reporting.card_pages import Treatment
from delinquency.reporting.treatment_words import card_treatments
from delinquency.workspace.artifacts import made_from_of, read_frame, read_made_from
from delinquency.workspace.progress import say

TABLES = ("statements", "cashflows", "bureau", "contacts")
"""What a proposal reads, as far as a source has it."""
MOST_SHOWN = 8
"""Lines of refusals that are printed; the summary file has all."""


def terms_of(config: Config) -> ProposalTerms:
    """Return the lender's terms in exact numbers."""
    options = config.treatment
    return ProposalTerms(
        Terms(
            annual_rate=Decimal(options.plan_annual_rate),
            fee_rate=Decimal(options.plan_fee_rate),
            months_max=options.plan_months_max,
            discount_rate=options.discount_rate,
            keep_probability=options.keep_probability,
            recovery_without_plan=options.recovery_without_plan,
            recovery_months=options.recovery_months,
        )
    )


def contact_moment(config: Config, explained: pd.DataFrame) -> datetime:
    """Return the moment for which "may I contact now" is answered."""
    options = config.treatment
    zone = zone_of(options.time_zone)
    if options.contact_at:
        try:
            moment = datetime.fromisoformat(options.contact_at)
        except ValueError as error:
            raise ChoiceError(f"treatment.contact_at: {error}.") from error
        return moment if moment.tzinfo else moment.replace(tzinfo=zone)
    month = pd.Timestamp(explained["observation_month"].max())
    day = (month + pd.offsets.MonthEnd(0) + timedelta(days=1)).date()
    return datetime(day.year, day.month, day.day, 10, tzinfo=zone)


def proposed(config: Config) -> dict[str, Treatment]:
    """Return the treatment part of the customer cards; empty before stage ``treat`` has run.

    Proposals that were made for another model are left out, and a line says so.
    """
    folder = config.workspace.processed
    files = [folder / "treatments.parquet", folder / "treatments_considered.parquet"]
    if not all(file.exists() for file in files):
        return {}
    whole = made_from_of(files[0]).get("proposals", "")
    wanted = {"model": explained_model(config), "proposals": whole}
    try:
        accounts, considered = (
            read_made_from(file, wanted, made_by="treat", what="The proposals") for file in files
        )
    except MissingArtifactError as error:
        say(f"The cards show no proposals. {error}")
        return {}
    return card_treatments(accounts, considered)


def portfolio_situations(
    config: Config, policy: Policy, chosen: pd.DataFrame, at: datetime
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return situation and charge violations, part by part of the tables."""
    folders = part_folders(config)
    if not folders:
        raise ChoiceError(
            f"stage=treat needs monthly statements. data={config.data.name} comes with ready-made"
            " features only: describe its statements as a panel."
        )
    frames, broken = [], []
    for folder in folders:
        tables = {
            name: read_frame(folder / f"{name}.parquet", made_by="data")
            for name in TABLES
            if (folder / f"{name}.parquet").exists()
        }
        here = chosen[chosen["account_id"].isin(tables["statements"]["account_id"].unique())]
        if len(here) == 0:
            continue
        frames.append(situations(here, tables, at=at, time_zone=config.treatment.time_zone))
        broken.append(scan_charges(charge_frame(here, tables["statements"]), policy))
    if not frames:
        raise ChoiceError(
            f"No account has a PD of at least treatment.cut_off={config.treatment.cut_off}."
        )
    together = pd.concat(frames, ignore_index=True)
    order = together["pd_hat"].sort_values(ascending=False, kind="stable").index
    together = together.loc[order].reset_index(drop=True)
    return together, pd.concat(broken, ignore_index=True)
