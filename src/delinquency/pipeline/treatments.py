"""Stage ``treat``: a lawful, helpful proposal for every account above the cut-off."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from math import floor

import numpy as np
import pandas as pd

from delinquency.casework.account_facts import AccountFacts
from delinquency.casework.case_file import home_zone, zone_of
from delinquency.casework.charges import scan_charges
from delinquency.casework.money import digits_of
from delinquency.casework.plan_options import Terms
from delinquency.casework.proposals import ProposalTerms
from delinquency.casework.scan.portfolio_columns import account_facts
from delinquency.casework.scan.situations import charge_frame, covered, situations
from delinquency.config import Config
from delinquency.errors import ChoiceError, MissingArtifactError
from delinquency.pipeline.canonical_tables import part_folders
from delinquency.pipeline.policies import policy_of
from delinquency.pipeline.preflight import NEEDED_TO_TREAT
from delinquency.pipeline.saved_model import explained_model, explanations_of
from delinquency.policy import Policy
from delinquency.reporting.card_facts import Treatment
from delinquency.reporting.treatment_words import card_treatments
from delinquency.workspace.artifacts import made_from_of, read_frame, read_made_from
from delinquency.workspace.progress import say

TRIED_QUANTILE, PARTS = 0.95, 10_000
"""A twentieth of the accounts reach the cut-off that is advised, rounded down to four places."""
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
            contract_rate=Decimal(options.contract_rate),
        )
    )


def zone_of_customers(config: Config) -> str:
    """Return the time zone of customers whose own is not known."""
    return config.treatment.time_zone or home_zone(policy_of(config))


def contact_moment(config: Config, explained: pd.DataFrame) -> datetime:
    """Return the moment for which "may I contact now" is answered."""
    options = config.treatment
    zone = zone_of(zone_of_customers(config))
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
    applied, _ = in_the_currency_of(config, policy_of(config))
    return card_treatments(accounts, considered, currency=applied.currency)


@dataclass(frozen=True)
class PortfolioNow:
    """What proposals rest on.

    Attributes
    ----------
    situation : DataFrame, one row per account, most at risk first, unscored ones last
    violations : DataFrame
        Charges above the policy's limits.
    same_currency : bool
        Whether data and policy count in one currency; otherwise limits in money are left out.
    n_left : int
        Accounts that were explained once and have no statement of the last observed month.
    """

    situation: pd.DataFrame
    violations: pd.DataFrame
    same_currency: bool
    n_left: int


def in_the_currency_of(config: Config, policy: Policy) -> tuple[Policy, bool]:
    """Return the policy as it can be applied to the data's currency, and whether both agree.

    Notes
    -----
    A limit of 30 dollars says nothing of yen: where the currencies differ, every rule in money is
    taken out, and amounts are whole units of the data's currency.
    """
    currency = config.data.currency
    if not currency or currency == policy.currency:
        return policy, True
    charges = replace(
        policy.charges,
        late_fee_first_max=replace(policy.charges.late_fee_first_max, value=None),
        late_fee_repeat_max=replace(policy.charges.late_fee_repeat_max, value=None),
        grace_amount=replace(policy.charges.grace_amount, value=Decimal(0)),
    )
    records = replace(
        policy.records, repair_amount_max=replace(policy.records.repair_amount_max, value=None)
    )
    return replace(policy, currency=currency, charges=charges, records=records), False


def portfolio_now(
    config: Config, policy: Policy, explained: pd.DataFrame, at: datetime
) -> PortfolioNow:
    """Return everyone who gets a proposal, with what it rests on, part by part of the tables."""
    folders = part_folders(config)
    if not folders:
        raise ChoiceError(f"data={config.data.name} cannot be treated: {NEEDED_TO_TREAT}")
    policy, same = in_the_currency_of(config, policy)
    frames, broken, n_left = [], [], 0
    month = explained["observation_month"].max()
    for folder in folders:
        tables = {
            name: read_frame(folder / f"{name}.parquet", made_by="data")
            for name in TABLES
            if (folder / f"{name}.parquet").exists()
        }
        statements = tables["statements"]
        still = set(statements["account_id"][statements["month"] == month])
        once = set(statements["account_id"].unique()) & set(explained["account_id"].unique())
        n_left += len(once - still)
        here = covered(explained, statements, config.proposal_cut_off)
        if len(here) == 0:
            continue
        frames.append(situations(here, tables, at=at, time_zone=zone_of_customers(config)))
        broken.append(scan_charges(charge_frame(here, statements), policy))
    if not frames:
        raise ChoiceError(nobody_reaches(explained, config.proposal_cut_off, month))
    together = pd.concat(frames, ignore_index=True)
    order = together["pd_hat"].sort_values(ascending=False, kind="stable").index
    together = together.loc[order].reset_index(drop=True)
    return PortfolioNow(together, pd.concat(broken, ignore_index=True), same, n_left)


def nobody_reaches(explained: pd.DataFrame, cut_off: float, month: pd.Timestamp) -> str:
    """Return that no account reaches the cut-off, between which PDs they lie, and what to try."""
    pd_hat = explained.loc[explained["observation_month"] == month, "pd_hat"]
    tried = floor(float(pd_hat.quantile(TRIED_QUANTILE)) * PARTS) / PARTS
    n = int((pd_hat >= tried).sum())
    return (
        f"No account has a PD of at least treatment.cut_off={cut_off:g}, and nobody is past due "
        f"in the last observed month, {month:%Y-%m}: its {len(pd_hat):,} accounts have PDs of "
        f"{pd_hat.min():.4f} to {pd_hat.max():.4f}. Try treatment.cut_off={tried:g}, which "
        f"{n:,} reach."
    )


def facts_of_account(config: Config, account_id: str, at: datetime) -> AccountFacts | None:
    """Return what data and model say of one account in the last observed month, or None."""
    file = config.workspace.processed / "explanations.parquet"
    if not file.exists():
        return None
    explained = explanations_of(config)
    policy, _ = in_the_currency_of(config, policy_of(config))
    mine = explained[explained["account_id"] == account_id]
    for folder in part_folders(config):
        statements = read_frame(folder / "statements.parquet", made_by="data")
        if not (statements["account_id"] == account_id).any():
            continue
        tables = {
            name: frame[frame["account_id"] == account_id]
            for name in TABLES
            if (folder / f"{name}.parquet").exists()
            for frame in [read_frame(folder / f"{name}.parquet", made_by="data")]
        }
        last = explained["observation_month"].max()
        if not len(mine) or mine["observation_month"].max() < last:
            known = pd.concat(
                [mine, explained.iloc[[int(explained["observation_month"].argmax())]]]
            )
        else:
            known = mine
        here = covered(known, tables["statements"], 0.0)
        if not len(here):
            return None
        frame = situations(here, tables, at=at, time_zone=zone_of_customers(config))
        return account_facts(frame, np.array([0]), digits=digits_of(policy.currency))[0]
    return None
