"""Champion and challenger in MLflow's model registry: aliases that move under one lock."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from delinquency.errors import ModelError
from delinquency.workspace.folder_locks import locked
from delinquency.workspace.run_stores import Store, point_mlflow_at

CHAMPION, CHALLENGER, BEFORE = "champion", "challenger", "champion-before"
EVENT = "event."
MODEL_DIGEST = "model_digest"
NOTHING = ""
REGISTERED = "registered"


@dataclass(frozen=True)
class Event:
    """One change of the registry, as it is recorded beside the model for good.

    Attributes
    ----------
    number : int
        From 1.
    what : str
        "registered", "promoted" or "rolled back".
    version : str
        Version that the change put in place.
    instead_of : str
        Champion until then; "" for none.
    signed_by, reason : str
    at : str
        Moment, ISO 8601 in UTC.
    validation_sha256 : str
        Of the validation that the gates read; "" where none is needed.
    """

    number: int
    what: str
    version: str
    instead_of: str
    signed_by: str
    reason: str
    at: str
    validation_sha256: str


class ModelRegistry:
    """The versions of one model, and which of them is in use.

    Parameters
    ----------
    store : Store
    name : str
        Registered model.
    lock : Path
        Folder whose lock is held while anything changes.
    wait_seconds : float
        How long to wait for another change.
    """

    def __init__(self, store: Store, name: str, *, lock: Path, wait_seconds: float = 60.0):
        import mlflow

        point_mlflow_at(store)
        self._client = mlflow.MlflowClient(tracking_uri=store.uri, registry_uri=store.uri)
        self.name, self._lock, self._wait = name, lock, wait_seconds

    @contextmanager
    def changing(self) -> Iterator[None]:
        """Hold the lock of the registry: nobody else reads and changes aliases meanwhile."""
        with locked([self._lock], command="stage=registry", wait_seconds=self._wait, clear=False):
            yield

    def version_of(self, alias: str) -> str:
        """Return the version that an alias names; "" for none."""
        from mlflow.exceptions import MlflowException

        try:
            return str(self._client.get_model_version_by_alias(self.name, alias).version)
        except MlflowException:
            return NOTHING

    def digest_of(self, version: str) -> str:
        """Return the digest of a version's model folder."""
        tags = self._client.get_model_version(self.name, version).tags
        return str(tags.get(MODEL_DIGEST, ""))

    def register(self, *, run_id: str, digest: str, tags: Mapping[str, str], at: str) -> str:
        """Register a run's logged model as the challenger, once; return its version.

        Raises
        ------
        ModelError
            If the run has no logged model.
        """
        from mlflow.exceptions import MlflowException

        with self.changing():
            if not self._known():
                self._client.create_registered_model(self.name)
            for one in self._client.search_model_versions(f"name = '{self.name}'"):
                if one.tags.get(MODEL_DIGEST) == digest:
                    version = str(one.version)
                    if self.version_of(CHALLENGER) != version:
                        self._record(REGISTERED, version, at=at)
                        self._client.set_registered_model_alias(self.name, CHALLENGER, version)
                    return version
            try:
                source = self._logged(run_id)
                made = self._client.create_model_version(
                    self.name, source, run_id=run_id, tags={**tags, MODEL_DIGEST: digest}
                )
            except MlflowException as error:
                raise ModelError(
                    f"The run {run_id or '(none)'} has no logged model to register: train with "
                    f"tracking on (tracking=local). MLflow says: {str(error)[:200]}"
                ) from error
            version = str(made.version)
            self._client.set_registered_model_alias(self.name, CHALLENGER, version)
            self._record(REGISTERED, version, at=at)
        return version

    def _logged(self, run_id: str) -> str:
        """Return the address of the model that a run logged last."""
        run = self._client.get_run(run_id) if run_id else None
        outputs = run.outputs.model_outputs if run is not None and run.outputs else []
        if not outputs:
            raise ModelError(
                f"The run {run_id or '(none)'} has no logged model to register: train with "
                "tracking on (tracking=local)."
            )
        return str(self._client.get_logged_model(outputs[-1].model_id).artifact_location)

    def promote(
        self, version: str, *, signed_by: str, reason: str, at: str, validation_sha256: str
    ) -> Event:
        """Make a version champion; the caller holds ``changing`` and has read the gates."""
        champion = self.version_of(CHAMPION)
        if champion and champion != version:
            self._client.set_registered_model_alias(self.name, BEFORE, champion)
        # The record first: an alias that moved without one would be the worse half.
        event = self._record(
            "promoted", version, at=at, signed_by=signed_by, reason=reason,
            validation_sha256=validation_sha256,
        )  # fmt: skip
        self._client.set_registered_model_alias(self.name, CHAMPION, version)
        return event

    def roll_back(self, *, signed_by: str, reason: str, at: str) -> Event:
        """Make the champion before the champion again.

        Raises
        ------
        ModelError
            If there was none.
        """
        with self.changing():
            before = self.version_of(BEFORE)
            if not before:
                raise ModelError(
                    f"There is no champion of {self.name} to go back to: none was replaced yet."
                )
            champion = self.version_of(CHAMPION)
            if before == champion:
                raise ModelError(
                    f"Version {before} of {self.name} is both the champion and the one before it:"
                    " a change was cut off. Promote the version that is to be used."
                )
            event = self._record("rolled back", before, at=at, signed_by=signed_by, reason=reason)
            self._client.set_registered_model_alias(self.name, CHAMPION, before)
            if champion:
                self._client.set_registered_model_alias(self.name, BEFORE, champion)
        return event

    def events(self) -> list[Event]:
        """Return every change, oldest first."""
        if not self._known():
            return []
        tags = self._client.get_registered_model(self.name).tags
        found = [json.loads(text) for key, text in tags.items() if key.startswith(EVENT)]
        return sorted((Event(**one) for one in found), key=lambda one: one.number)

    def aliases(self) -> dict[str, str]:
        """Return alias -> version."""
        names = (CHAMPION, CHALLENGER, BEFORE)
        return {name: version for name in names if (version := self.version_of(name))}

    def _known(self) -> bool:
        from mlflow.exceptions import MlflowException

        try:
            self._client.get_registered_model(self.name)
        except MlflowException:
            return False
        return True

    def _record(self, what: str, version: str, *, at: str, **more: Any) -> Event:
        """Write an event; numbers are never used twice."""
        number = max((one.number for one in self.events()), default=0) + 1
        event = Event(
            number=number,
            what=what,
            version=version,
            instead_of=self.version_of(CHAMPION),
            signed_by=more.get("signed_by", ""),
            reason=more.get("reason", ""),
            at=at,
            validation_sha256=more.get("validation_sha256", ""),
        )
        self._client.set_registered_model_tag(
            self.name, f"{EVENT}{number:05d}", json.dumps(asdict(event))
        )
        return event
