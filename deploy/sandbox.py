"""The ready-made system of a local installation: prints a token to try the API with.

python -m deploy.sandbox                       a token with all scopes
python -m deploy.sandbox --scope account:read  with this one only
python -m deploy.sandbox --key                 where its private key lies
"""

import argparse
import json
import sys
from collections.abc import Sequence

from clients.python.timebank_sign_in import System
from deploy.bank import SYSTEM
from deploy.local import installation
from deploy.local.places import DEMO, Problem, places


def system(instance: str = DEMO, scopes: Sequence[str] = ()) -> System:
    """The system, ready to sign in.

    Raises:
        Problem: the instance was never started.
    """
    gateway = installation.read(instance).gateway_url
    key = json.loads(places(instance).client_key.read_text("utf-8"))
    return System(gateway, SYSTEM, key, scopes)


def main(arguments: Sequence[str]) -> int:
    asked = _parser().parse_args(arguments)
    try:
        found = system(asked.instance, asked.scope or ())
    except (Problem, FileNotFoundError) as error:
        print(error, file=sys.stderr)
        return 1
    print(places(asked.instance).client_key if asked.key else found.token())
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m deploy.sandbox")
    parser.add_argument("--instance", default=DEMO)
    parser.add_argument("--scope", action="append", help="may be repeated")
    parser.add_argument("--key", action="store_true", help="print where the private key lies")
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
