from django.contrib.auth.hashers import Argon2PasswordHasher


class TunedArgon2Hasher(Argon2PasswordHasher):
    """Argon2id at OWASP's 46 MiB setting.

    Django's default takes 100 MiB on eight lanes: ten people signing in at once would cost a gigabyte.
    """

    time_cost = 1
    memory_cost = 47104
    parallelism = 1
