"""Makes the wheel of the self-contained program: usage: wheel.py PROGRAM VERSION DIRECTORY.

Standard library only. The same program and version make the same bytes.
"""

import base64
import hashlib
import sys
import zipfile
from pathlib import Path

NAME = "pursuit_data"
TAG = "py3-none-manylinux_2_28_x86_64"
HERE = Path(__file__).resolve().parent


def main() -> None:
    program, version, directory = Path(sys.argv[1]), sys.argv[2], Path(sys.argv[3])
    info = f"{NAME}-{version}.dist-info"
    metadata = (
        "Metadata-Version: 2.1\n"
        "Name: pursuit-data\n"
        f"Version: {version}\n"
        "Summary: Selects the small weighted subset of training examples that trains a language model best, and proves it.\n"
        "License: MIT\n"
        "Requires-Python: >=3.8\n"
        "Classifier: Operating System :: POSIX :: Linux\n"
        "Classifier: Typing :: Typed\n"
        "Description-Content-Type: text/markdown\n"
        "\n" + (HERE / "README.md").read_text(encoding="utf-8"))
    wheel = f"Wheel-Version: 1.0\nGenerator: pursuit\nRoot-Is-Purelib: false\nTag: {TAG}\n"
    members = [
        ("pursuit/__init__.py", (HERE / "pursuit" / "__init__.py").read_bytes(), 0o644),
        ("pursuit/py.typed", b"", 0o644),
        (f"{NAME}-{version}.data/scripts/pursuit", program.read_bytes(), 0o755),
        (f"{info}/licenses/LICENSE", (HERE.parent / "LICENSE").read_bytes(), 0o644),
        (f"{info}/METADATA", metadata.encode(), 0o644),
        (f"{info}/WHEEL", wheel.encode(), 0o644),
    ]
    record = "".join(f"{name},sha256={digest(data)},{len(data)}\n" for name, data, _ in members) + f"{info}/RECORD,,\n"
    members.append((f"{info}/RECORD", record.encode(), 0o644))

    path = directory / f"{NAME}-{version}-{TAG}.whl"
    partial = path.with_suffix(".partial")
    with zipfile.ZipFile(partial, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as archive:
        for name, data, mode in members:
            entry = zipfile.ZipInfo(name, date_time=(1980, 1, 1, 0, 0, 0))
            entry.external_attr = (0o100000 | mode) << 16
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.create_system = 3
            archive.writestr(entry, data)
    partial.replace(path)
    print(f"{path} {path.stat().st_size:,} bytes")


def digest(data: bytes) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()


if __name__ == "__main__":
    main()
