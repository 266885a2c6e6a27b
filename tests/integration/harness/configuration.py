"""Configurations for tests: the smallest useful one, changed by dotted keys."""
import copy

import yaml


def relay_to(*servers, listener=None, upstream=None, **top):
    """One listener on a free port, one route, one upstream `pool` of `servers`; the dictionaries are merged in."""
    configuration = {
        "workers": 2,
        "listeners": [{"name": "public", "address": "127.0.0.1:0", **(listener or {})}],
        "routes": [{"upstream": "pool"}],
        "upstreams": {"pool": {"servers": list(servers), **(upstream or {})}},
    }
    configuration.update(top)
    return configuration


def with_changes(configuration, **changes):
    changed = copy.deepcopy(configuration)
    changed.update(changes)
    return changed


def as_text(configuration):
    if isinstance(configuration, str):
        return configuration
    return yaml.safe_dump(configuration, sort_keys=False, allow_unicode=True)
