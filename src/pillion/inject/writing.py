"""Documents as text after a change: in place, so that order and comments stay, or anew where that cannot be."""

from pillion.inject import form
from pillion.inject.documents import is_list, place_of, pod_in, with_pod
from pillion.inject.reversal import form as form_of_pod
from pillion.inject.reversal import with_form as pod_with_form
from pillion.inject.schema.types import Json, items
from pillion.inject.uninject import uninject
from pillion.resources.yaml.dump import Dumper
from pillion.resources.yaml.edit import Edited, edit, same
from pillion.resources.yaml.events import Chunk
from pillion.resources.yaml.load import load_chunk


class Writer:
    """Writes the documents of a file. Each text may begin with the line that separates it from the one before."""

    def __init__(self) -> None:
        self._dumper = Dumper()

    def anew(self, document: Json) -> str:
        """Write a document as Go's encoder does."""
        return self._dumper.dump(document)

    def injected(self, chunk: Chunk, before: Json, after: Json) -> str:
        """Write an injected document so that taking the injection off gives back this very text."""
        found = self._edited(chunk, before, after)
        if found.is_undone_exactly:
            return found.text
        back = uninject(after).document
        if not same(back, before):
            return found.text  # it was injected before: what that injection remembers still stands
        again = Chunk(found.text, 0)
        back_text = self._edited(again, load_chunk(again).contents[0], back).text
        if back_text == chunk.text:
            return found.text
        remembered = form.difference(back_text, chunk.text)
        return found.text if remembered is None else self._edited(chunk, before, _with_form(after, remembered)).text

    def uninjected(self, chunk: Chunk, before: Json, after: Json) -> str:
        """Write a document from which the injection was taken off again."""
        text = self._edited(chunk, before, after).text
        remembered = _form(before)
        wanted = None if remembered is None else form.applied(text, remembered)
        return wanted if wanted is not None and _reads_as(wanted, after) else text

    def _edited(self, chunk: Chunk, before: Json, after: Json) -> Edited:
        if same(before, after):
            return Edited(chunk.text, is_undone_exactly=True)
        found = edit(chunk, before, after, self._dumper)
        return found or Edited(separator(chunk) + self.anew(after), is_undone_exactly=False)


def separator(chunk: Chunk) -> str:
    """Return the line that separates a document from the one before, if it has one."""
    return "---\n" if chunk.text.startswith("---") else ""


def _reads_as(text: str, document: Json) -> bool:
    loaded = load_chunk(Chunk(text, 0))
    return len(loaded.contents) == 1 and not loaded.diagnostics and same(loaded.contents[0], document)


def _form(document: Json) -> Json | None:
    if is_list(document):
        return next((found for item in items(document, "items") if (found := _form(item)) is not None), None)
    place = place_of(document)
    return None if place is None else form_of_pod(pod_in(document, place))


def _with_form(document: Json, remembered: Json) -> Json:
    """Have the first injected pod remember the form of the whole document."""
    if is_list(document):
        every = [(item, _with_form(item, remembered)) for item in document["items"]]
        first = next((index for index, (old, new) in enumerate(every) if new is not old), len(every))
        return document | {"items": [new if index == first else old for index, (old, new) in enumerate(every)]}
    place = place_of(document)
    if place is None:
        return document
    pod = pod_in(document, place)
    with_it = pod_with_form(pod, remembered)
    return document if with_it is pod else with_pod(document, place, with_it)
