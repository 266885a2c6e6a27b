"""The parts of tests/bench/run.py: proxies side by side, their load, their meters and the report."""
