"""The command line: ``python -m delinquency stage=<name> [group=name] [key=value] ...``."""

import os
import sys
from pathlib import Path

import hydra
from hydra.errors import HydraException
from omegaconf import DictConfig
from omegaconf.errors import OmegaConfBaseException
from yaml import YAMLError

from delinquency.atomic_files import storage_error
from delinquency.command_line import in_words, quoted_arguments
from delinquency.config import HYDRA_VERSION_BASE, conf_dir, help_page, register, to_config
from delinquency.errors import ChoiceError, DelinquencyError, StorageError
from delinquency.stages import STAGES, run_stage

STOPPED_BY_USER = 130

# LightGBM's threads wait by spinning unless told otherwise, which on a busy machine costs more
# than the work itself; going to sleep at once costs a fifth of a fit on an idle one. A short spin
# of some microseconds has neither fault. Read when the library is first loaded, so set before any
# stage runs.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
os.environ.setdefault("GOMP_SPINCOUNT", "2000")


@hydra.main(config_path=str(conf_dir()), config_name="config", version_base=HYDRA_VERSION_BASE)
def main(composed: DictConfig) -> None:
    """Run one stage; an error that its reader can mend is printed without a traceback."""
    try:
        run_stage(to_config(composed))
    except DelinquencyError as error:
        print(f"error: {error}", file=sys.stderr)
        raise SystemExit(error.exit_code) from None
    except OSError as error:  # a fault of the disk, wherever it came up
        if error.errno is None:
            raise
        print(f"error: {storage_error(error)}", file=sys.stderr)
        raise SystemExit(StorageError.exit_code) from None
    except OmegaConfBaseException as error:
        if isinstance(error.__cause__, DelinquencyError):  # a check of an options dataclass
            print(f"error: {error.__cause__}", file=sys.stderr)
            raise SystemExit(error.__cause__.exit_code) from None
        raise
    except KeyboardInterrupt:
        print("stopped.", file=sys.stderr)
        raise SystemExit(STOPPED_BY_USER) from None


def _own_folder(arguments: list[str]) -> list[Path]:
    """Return the folder of a user's own YAML files, where the command names one."""
    flags = ("--config-dir", "-cd")
    pairs = zip(arguments, [*arguments[1:], ""], strict=True)
    return [Path(value) for flag, value in pairs if flag in flags and value]


def run() -> None:
    """Compose the configuration and run; a YAML file that does not fit gives one plain error."""
    if {"--help", "-h"} & set(sys.argv[1:]):
        purposes = {name: stage.purpose for name, stage in STAGES.items()}
        print(help_page(purposes, conf_dir(), *_own_folder(sys.argv[1:])))
        return
    register()
    sys.argv[1:] = quoted_arguments(sys.argv[1:])
    traced = "HYDRA_FULL_ERROR" in os.environ
    os.environ["HYDRA_FULL_ERROR"] = "1"  # Hydra then hands errors on, instead of printing them
    try:
        main()
    except (HydraException, YAMLError) as error:
        if traced:
            raise
        folders = [conf_dir(), *_own_folder(sys.argv[1:])]
        print(f"error: {in_words(error, folders)}", file=sys.stderr)
        raise SystemExit(ChoiceError.exit_code) from None


if __name__ == "__main__":
    run()
