"""How long one account takes over HTTP, beside MLflow's plain LightGBM flavour in the same loop.

Run: make train && make bench-serve
     make bench-serve ARGS="serve.requests=100 serve.clients=[1,4]"

Three requests of one account take turns: its canonical rows of twelve months (answered with PD,
six traits, reasons and evidence), its ready features (the same answer), and the same features to
MLflow's own server of the same booster, logged by its LightGBM flavour with a signature, which
returns a number. Every server runs alone, warm, with connections kept open.
"""

import http.client
import json
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import lightgbm
import mlflow
import numpy as np
import pandas as pd
from omegaconf import OmegaConf

from delinquency.panel.window_cells import month_number
from delinquency.scoring.account_scorer import AccountScorer, load_scorer
from delinquency.scoring.part_tables import INPUT_TABLES
from delinquency.scoring.request_rows import score_records
from delinquency.workspace.served_model import save_served_model
from delinquency.workspace.serving_app import MODEL_VARIABLE, serving_command

BEGIN, END = "<!-- bench-serve: begin -->", "<!-- bench-serve: end -->"
PAGE = Path("docs/serving.md")
WARM = 30


@dataclass
class Serve:
    """Choices of the harness."""

    model: str = "models/synthetic"
    part: str = "data/interim/synthetic/part-0000"
    requests: int = 200
    clients: list[int] = field(default_factory=lambda: [1, 4])
    accounts: int = 20
    report: str = "reports/bench/serving.json"


def requests_of(part: Path, accounts: int) -> list[list[dict[str, object]]]:
    """Return the canonical rows of some accounts, of their last twelve months."""
    tables = {name: pd.read_parquet(part / f"{name}.parquet") for name in INPUT_TABLES
              if (part / f"{name}.parquet").exists()}  # fmt: skip
    statements = tables["statements"]
    months = month_number(statements["month"])
    last = int(months.max())
    ids = statements["account_id"][months == last].unique()
    chosen = ids[:: max(len(ids) // accounts, 1)][:accounts]
    out: dict[str, list[dict[str, object]]] = {str(one): [] for one in chosen}
    for name, frame in tables.items():
        moment = next((n for n in ("month", "date") if n in frame), None)
        kept = frame[frame["account_id"].isin(chosen)]
        if moment is not None:
            kept = kept[month_number(kept[moment]) > last - 12]
        times = kept.select_dtypes("datetime").columns
        kept = kept.assign(**{n: kept[n].dt.strftime("%Y-%m-%d") for n in times})
        for row in json.loads(kept.to_json(orient="records")):
            out[str(row["account_id"])].append({"table": name, **row})
    return list(out.values())


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


@contextmanager
def server(command: list[str], port: int, environment: dict[str, str]) -> Iterator[int]:
    """Start a server, wait until it answers, yield its process, and stop it."""
    # One thread a request on both sides: threads that spin for each other only cost here.
    environment = {**os.environ, "OMP_NUM_THREADS": "1", **environment}
    process = subprocess.Popen(command, env=environment)
    try:
        for _ in range(600):
            time.sleep(0.2)
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
            try:
                connection.request("GET", "/ping")
                if connection.getresponse().status == 200:
                    break
            except OSError:
                continue
        yield process.pid
    finally:
        process.terminate()
        process.wait(30)


def times_of(port: int, bodies: list[bytes], clients: int, requests: int) -> list[float]:
    """Return the milliseconds of every request of some clients that ask at once."""
    taken: list[list[float]] = [[] for _ in range(clients)]

    def ask(place: int) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        for number in range(requests):
            start = time.perf_counter()
            body = bodies[(place + number) % len(bodies)]
            connection.request("POST", "/invocations", body, {"Content-Type": "application/json"})
            answer = connection.getresponse()
            text = answer.read()
            taken[place].append((time.perf_counter() - start) * 1e3)
            if answer.status != 200:
                raise RuntimeError(text[:300].decode())

    threads = [threading.Thread(target=ask, args=(place,)) for place in range(clients)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    return [ms for own in taken for ms in own]


def main(arguments: list[str]) -> None:
    given = OmegaConf.from_dotlist(arguments).get("serve", {})
    chosen = OmegaConf.to_object(OmegaConf.merge(OmegaConf.structured(Serve), given))
    assert isinstance(chosen, Serve)
    model, rows = Path(chosen.model), requests_of(Path(chosen.part), chosen.accounts)
    scorer = load_scorer(model, n_threads=1)
    canonical = [json.dumps({"dataframe_records": one}).encode() for one in rows]
    features = pd.concat([made_features(one, scorer) for one in rows], ignore_index=True)
    records = json.loads(features.to_json(orient="records", double_precision=15))
    ready = [json.dumps({"dataframe_records": [row]}).encode() for row in records]
    with tempfile.TemporaryDirectory() as folder:
        ours, plain = Path(folder) / "ours", Path(folder) / "plain"
        save_served_model(model, ours)
        booster = lightgbm.Booster(model_file=str(model / "model.txt"))
        mlflow.lightgbm.save_model(
            booster, str(plain),
            signature=mlflow.models.infer_signature(features, booster.predict(features)),
        )  # fmt: skip
        ports = free_port(), free_port()
        own = serving_command(sys.executable, ports[0])
        other = [*own[:3], "mlflow.pyfunc.scoring_server.app:app", *own[5:7], "--port",
                 str(ports[1]), "--log-level", "warning"]  # fmt: skip
        with (
            server(own, ports[0], {MODEL_VARIABLE: str(ours)}) as first,
            server(other, ports[1], {"__pyfunc_model_path__": str(plain)}) as second,
        ):
            asked = {
                "this server, canonical rows": (ports[0], first, canonical),
                "this server, ready features": (ports[0], first, ready),
                "MLflow's LightGBM flavour, ready features": (ports[1], second, ready),
            }
            report = measured(asked, chosen)
    Path(chosen.report).parent.mkdir(parents=True, exist_ok=True)
    Path(chosen.report).write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
    write_page(report)


def made_features(rows: list[dict[str, object]], scorer: AccountScorer) -> pd.DataFrame:
    """Return the ready features of one request."""
    scored = score_records(rows, scorer)
    return pd.DataFrame(scored.features.T, columns=scorer.model.features)


def measured(
    asked: dict[str, tuple[int, int, list[bytes]]], chosen: Serve
) -> list[dict[str, object]]:
    """Return the times by number of clients and kind of request, the kinds taking turns."""
    for port, _, bodies in asked.values():
        times_of(port, bodies, 1, WARM)
    out: list[dict[str, object]] = []
    turns = 4
    for clients in chosen.clients:
        taken: dict[str, list[float]] = {name: [] for name in asked}
        spent = dict.fromkeys(asked, 0.0)
        for _ in range(turns):
            for name, (port, process, bodies) in asked.items():
                before = cpu_ms(process)
                taken[name] += times_of(port, bodies, clients, -(-chosen.requests // turns))
                spent[name] += cpu_ms(process) - before
        for name, ms in taken.items():
            p95, p99 = np.quantile(ms, [0.95, 0.99])
            out.append(
                {"clients": clients, "asked": name, "requests": len(ms),
                 "p50_ms": round(statistics.median(ms), 2), "p95_ms": round(float(p95), 2),
                 "p99_ms": round(float(p99), 2), "cpu_ms": round(spent[name] / len(ms), 2)}
            )  # fmt: skip
            print(out[-1], flush=True)
    return out


def cpu_ms(process: int) -> float:
    """Return the processor time that a process has taken, all threads."""
    told = Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(told[11]) + int(told[12])) / os.sysconf("SC_CLK_TCK") * 1e3


def write_page(report: list[dict[str, object]]) -> None:
    """Set the measured table into the page, between its marks."""
    lines = ["| Clients | Asked | Requests | p50, ms | p95 | p99 | CPU a request |",
             "|---|---|---|---|---|---|---|"]  # fmt: skip
    for one in report:
        lines.append("| " + " | ".join(str(value) for value in one.values()) + " |")
    if PAGE.exists() and BEGIN in (page := PAGE.read_text(encoding="utf-8")):
        head, rest = page.split(BEGIN)
        PAGE.write_text(
            f"{head}{BEGIN}\n\n" + "\n".join(lines) + f"\n\n{END}{rest.split(END)[1]}",
            encoding="utf-8",
        )
    print("\n".join(lines))


if __name__ == "__main__":
    main(sys.argv[1:])
