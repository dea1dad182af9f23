"""The guide alone on the command line: python -m bot.permits plan facts.json."""

from __future__ import annotations

import argparse
import sys

from bot.permits.cli import add_parser, main

if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="neuvokas")
    add_parser(parser.add_subparsers(required=True))
    sys.exit(main(parser.parse_args(["permits", *sys.argv[1:]])))
