"""The Gaussian estimator without a single package, run by mibench as  …/bin/python gaussian.py SEED X.npy Y.npy

The interpreter may be of any environment: this is the pattern for packages that need older dependencies than mibench's.
"""

import json
import math
import re
import struct
import sys


def read_npy(path):
    with open(path, "rb") as file:
        magic = file.read(8)
        (length,) = struct.unpack("<H", file.read(2))
        header = file.read(length).decode("latin-1")
        rows, columns = map(int, re.search(r"\((\d+), (\d+)\)", header).groups())
        values = struct.unpack("<%dd" % (rows * columns), file.read())
    if magic != b"\x93NUMPY\x01\x00" or columns != 1:
        sys.exit("%s: expected one column in NumPy's format 1.0, got %s" % (path, header.strip()))
    return values


seed, *paths = sys.argv[1:]
x, y = map(read_npy, paths)
mean_x, mean_y = sum(x) / len(x), sum(y) / len(y)
xx = sum((a - mean_x) ** 2 for a in x)
yy = sum((b - mean_y) ** 2 for b in y)
xy = sum((a - mean_x) * (b - mean_y) for a, b in zip(x, y))
rho = xy / math.sqrt(xx * yy)
print(json.dumps({"nats": -0.5 * math.log1p(-rho * rho), "diagnostics": {"python": sys.version.split()[0]}}))
