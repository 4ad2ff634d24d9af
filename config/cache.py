import logging

from django.core.cache.backends.redis import RedisCache
from redis.exceptions import RedisError

log = logging.getLogger("tandem.cache")


class ForgivingRedisCache(RedisCache):
    """Redis holds copies and hints only, so its absence is a slow page and never an error page."""


def _or_else(name, missing):
    real = getattr(RedisCache, name)

    def forgiving(self, *args, **kwargs):
        try:
            return real(self, *args, **kwargs)
        except RedisError as error:
            log.warning("cache %s failed: %s", name, type(error).__name__)
            return missing(*args, **kwargs)

    forgiving.__name__ = name
    setattr(ForgivingRedisCache, name, forgiving)


def _default(key, default=None, version=None):
    return default


_or_else("get", _default)
_or_else("get_many", lambda *a, **k: {})
_or_else("has_key", lambda *a, **k: False)
for _name in ("add", "touch", "delete"):
    _or_else(_name, lambda *a, **k: False)
_or_else("set", lambda *a, **k: None)
_or_else("set_many", lambda data, *a, **k: list(data))
_or_else("delete_many", lambda *a, **k: None)
_or_else("clear", lambda *a, **k: False)
