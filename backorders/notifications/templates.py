"""Mail templates are compiled once per language, with the translation already in them.

What a template says in one language is the same for every mail: looking each sentence up a hundred thousand times would
cost more than everything else. So `{% translate %}`, plain `{% blocktranslate %}` and `{% include %}` are resolved in
the source before it is compiled, and lines that hold only tags leave no empty line behind.
"""

import re
from functools import lru_cache

from django.template import Engine, Template, engines
from django.template.backends.django import DjangoTemplates
from django.utils.translation import gettext, override

_INCLUDE = re.compile(r'{%\s*include "([^"]+)"\s*%}\n?')
_TRANSLATE = re.compile(r'{%\s*translate "([^"]*)"\s*%}')
_BLOCK = re.compile(r"{%\s*blocktranslate(?: with ([^%]*?))?\s*%}(.*?){%\s*endblocktranslate\s*%}", re.DOTALL)
_VARIABLE = re.compile(r"{{\s*(\w+)\s*}}")
_PLACE = re.compile(r"%\((\w+)\)s")
_ONLY_TAGS = re.compile(r"^(?:[ \t]*{%[^%]*%})+[ \t]*\n", re.MULTILINE)


@lru_cache(maxsize=256)
def compiled(name: str, language: str) -> Template:
    """Return the template `name` with every sentence in `language`."""
    engine = _engine()
    with override(language):
        source = _translated(_whole(engine, name))
    return Template(_without_tag_lines(source), engine=engine, name=f"{name} ({language})")


def _engine() -> Engine:
    backend = engines["django"]
    if not isinstance(backend, DjangoTemplates):
        raise TypeError("Mails are Django templates.")
    return backend.engine


def _whole(engine: Engine, name: str) -> str:
    source = str(engine.get_template(name).source)
    return _INCLUDE.sub(lambda found: _whole(engine, found[1]), source)


def _translated(source: str) -> str:
    source = _TRANSLATE.sub(lambda found: gettext(found[1]), source)
    return _BLOCK.sub(lambda found: _sentence(found[2], found[1] or ""), source)


def _sentence(source: str, bindings: str) -> str:
    """Return the translation of a sentence with variables; `bindings` are its `with` clause: `number=order.number`."""
    bound = dict(binding.split("=", 1) for binding in bindings.split())
    msgid = _VARIABLE.sub(r"%(\1)s", source.replace("%", "%%"))
    spoken = gettext(msgid)
    return _PLACE.sub(lambda found: "{{ " + bound.get(found[1], found[1]) + " }}", spoken).replace("%%", "%")


def _without_tag_lines(source: str) -> str:
    def kept(found: re.Match[str]) -> str:
        return "".join(re.findall(r"{%[^%]*%}", found[0]))

    return _ONLY_TAGS.sub(kept, source)
