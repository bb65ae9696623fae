"""Books the first hour of help that fits some words, in the name of a member who agreed.

    python book.py GATEWAY CLIENT_ID KEY_FILE MEMBER_ID words to look for

Prints the exchange. `timebank_client` is generated from the OpenAPI document; see README.md.
"""

import json
import sys
import uuid
from pathlib import Path

from timebank_client import AuthenticatedClient
from timebank_client.api.exchanges import post_v1_exchanges
from timebank_client.api.listings import get_v1_listings
from timebank_client.models import Exchange, ExchangeBody, Listings
from timebank_sign_in import System


def main(gateway: str, client_id: str, key_file: str, member_id: str, *words: str) -> int:
    system = System(gateway, client_id, json.loads(Path(key_file).read_text("utf-8")))
    client = AuthenticatedClient(base_url=gateway, token=system.token())
    found = get_v1_listings.sync(
        client=client, on_behalf_of=member_id, kind="offer", q=" ".join(words)
    )
    if not isinstance(found, Listings) or not found.items:
        print(f"Nothing to book: {found}", file=sys.stderr)
        return 1
    wanted = ExchangeBody(listing_id=uuid.UUID(str(found.items[0].id)), minutes=60)
    booked = post_v1_exchanges.sync(
        client=client, body=wanted, on_behalf_of=member_id, idempotency_key=str(uuid.uuid4())
    )
    if not isinstance(booked, Exchange):
        print(f"Not booked: {booked}", file=sys.stderr)
        return 1
    print(json.dumps(booked.to_dict(), indent=2))
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
