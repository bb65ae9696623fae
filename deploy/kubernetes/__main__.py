"""Writes the manifests from the regions, the readers and the list of processes.

python -m deploy.kubernetes
"""

from __future__ import annotations

import sys

from deploy.kubernetes.files import FOLDER, all_files


def main() -> int:
    for path, text in all_files().items():
        place = FOLDER / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text)
    print(f"{len(all_files())} files in {FOLDER.name}/")
    return 0


if __name__ == "__main__":
    sys.exit(main())
