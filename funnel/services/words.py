"""Words of a draft: the glossary with each team's meaning and the agreed one."""

import itertools

from django.db import transaction
from django.utils.text import slugify

from accounts.models import User
from core.errors import DomainError
from funnel.models import Agreement, GlossaryTerm
from funnel.services.opening import log, must_be_draft


def add_word(*, draft: Agreement, word: str, actor: User | None, **meanings: str) -> GlossaryTerm:
    word = word.strip()
    with transaction.atomic():
        row = must_be_draft(draft)
        _must_be_free(row, word, None)
        base = slugify(word)[:34] or "word"
        keys = (base if n == 1 else f"{base}-{n}" for n in itertools.count(1))
        key = next(key for key in keys if key != "new" and not row.words.filter(key=key).exists())
        log(row, actor, f"Added the word {word}.")
        return GlossaryTerm.objects.create(agreement=row, key=key, word=word, **meanings)


def edit_word(*, draft: Agreement, key: str, word: str, actor: User | None, **meanings: str) -> GlossaryTerm:
    word = word.strip()
    with transaction.atomic():
        row = must_be_draft(draft)
        term = _term(row, key)
        _must_be_free(row, word, term)
        term.word = word
        for name, value in meanings.items():
            setattr(term, name, value.strip())
        term.save()
        log(row, actor, f"Changed the word {word}.")
        return term


def remove_word(*, draft: Agreement, key: str, actor: User | None) -> None:
    with transaction.atomic():
        row = must_be_draft(draft)
        term = _term(row, key)
        log(row, actor, f"Took out the word {term.word}.")
        term.delete()


def _term(draft: Agreement, key: str) -> GlossaryTerm:
    found = draft.words.filter(key=key).first()
    if found is None:
        raise DomainError("word_unknown", "This word is not part of the draft.")
    return found


def _must_be_free(draft: Agreement, word: str, term: GlossaryTerm | None) -> None:
    if not word:
        raise DomainError("word_empty", "Write the word.", field="word")
    others = draft.words.filter(word__iexact=word)
    if others.exclude(id=term.id if term else None).exists():
        raise DomainError("word_exists", f"{word} is already in the list.", field="word")
