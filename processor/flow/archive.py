"""Documents as one file: a zip of YAML documents and a manifest with their hashes. Pure: files are elsewhere."""

import io
import re
import zipfile
import zlib
from collections.abc import Mapping, Sequence
from hashlib import sha256
from pathlib import PurePosixPath
from typing import Any, Final

import msgspec
import yaml
from msgspec import Struct

from processor.engine.errors import DocumentRefused, Fault
from processor.engine.flow import START
from processor.flow.batch import FLOW, kind_of
from processor.flow.document import MAX_BYTES, canonical, content_hash, load
from processor.flow.faults import described
from processor.flow.publication import in_file

FORMAT: Final = 1
MANIFEST: Final = "manifest.json"
MOST_DOCUMENTS: Final = 10_000
MOST_BYTES: Final = 64 * 1024 * 1024
"""All documents together, unpacked."""

MANIFEST_BYTES: Final = 8 * 1024 * 1024
_FIRST: Final = ("kind", "id", "ref", "reference", "name", "type", "timezone", "locale", "country", "variables")
_LAST: Final = ("links", "actions")
_EPOCH: Final = (1980, 1, 1, 0, 0, 0)
"""Zip's first date: the same documents give the same archive."""

Document = Mapping[str, Any]


class Member(Struct, frozen=True, forbid_unknown_fields=True):
    """One document of an archive, as its manifest has it."""

    path: str
    kind: str
    id: str
    reference: str
    sha256: str
    """Of the file's bytes."""

    content_hash: str
    """Of the document, as it is published with it."""


class Manifest(Struct, frozen=True, forbid_unknown_fields=True):
    """What an archive holds."""

    format: int
    flows: tuple[str, ...]
    """References of the flows that it was made for."""

    documents: tuple[Member, ...]


def pack(flows: Sequence[str], documents: Sequence[Document]) -> bytes:
    """Return an archive. The same documents give the same bytes."""
    members, files = [], []
    taken: set[str] = set()
    for document in documents:
        kind = kind_of(document)
        identity = str(document["ref"] if kind == FLOW else document["id"])
        path = _path(kind, identity, taken)
        content = _yaml(document)
        members.append(
            Member(path, kind, identity, identity if kind == FLOW else str(document["reference"]), _digest(content), content_hash(document))
        )
        files.append((path, content))
    manifest = msgspec.json.format(msgspec.json.encode(Manifest(FORMAT, tuple(flows), tuple(members))), indent=2)
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, content in ((MANIFEST, manifest), *files):
            archive.writestr(zipfile.ZipInfo(path, _EPOCH), content, zipfile.ZIP_DEFLATED)
    return written.getvalue()


def unpack(content: bytes) -> list[tuple[str, Document]]:
    """Return the documents of an archive, each with its path in it.

    Raises DocumentRefused, with every fault, where it is no archive of ours: no zip, no manifest, members that are not in it or not there,
    too large, under paths that lead elsewhere, or not those that the manifest's hashes say. Nothing is written anywhere.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            return _unpacked(archive)
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError, EOFError, ValueError) as error:
        # What zipfile raises for broken, encrypted or unusual archives.
        raise DocumentRefused(
            [Fault("", "a zip archive that `smart-routing flow export` wrote", str(error) or type(error).__name__)]
        ) from error


def _unpacked(archive: zipfile.ZipFile) -> list[tuple[str, Document]]:
    there = {member.filename: member for member in archive.infolist()}
    if len(there) < len(archive.infolist()):
        raise DocumentRefused([Fault("", "each file once", "one twice")])
    if MANIFEST not in there:
        raise DocumentRefused([Fault(MANIFEST, "the manifest", "nothing")])
    manifest = _manifest(_read_member(archive, there[MANIFEST], MANIFEST_BYTES))
    faults = [Fault(member.path, "the path of a document within the archive", described(member.path)) for member in manifest.documents
              if not _is_inside(member.path)]  # fmt: skip
    listed = {member.path for member in manifest.documents}
    if len(listed) < len(manifest.documents):
        faults.append(Fault(MANIFEST, "each path once", "one twice"))
    faults += [Fault(path, "no file that the manifest does not name", "one") for path in there if path not in listed and path != MANIFEST]
    faults += [Fault(path, "a file, as the manifest says", "nothing") for path in sorted(listed - set(there))]
    if sum(there[path].file_size for path in listed & set(there)) > MOST_BYTES:
        faults.append(Fault("", f"at most {MOST_BYTES} bytes of documents", "more"))
    if faults:
        raise DocumentRefused(faults)
    documents = []
    for member in manifest.documents:
        try:
            documents.append((member.path, _document(member, _read_member(archive, there[member.path], MAX_BYTES))))
        except DocumentRefused as refused:
            faults += [in_file(member.path, fault) for fault in refused.faults]
    if faults:
        raise DocumentRefused(faults)
    return documents


def _manifest(content: bytes) -> Manifest:
    try:
        manifest = msgspec.json.decode(content, type=Manifest)
    except msgspec.DecodeError as error:
        raise DocumentRefused([Fault(MANIFEST, "a manifest as `smart-routing flow export` writes it", str(error))]) from error
    if manifest.format != FORMAT:
        raise DocumentRefused([Fault(f"{MANIFEST}: format", str(FORMAT), str(manifest.format))])
    if len(manifest.documents) > MOST_DOCUMENTS:
        raise DocumentRefused([Fault(f"{MANIFEST}: documents", f"at most {MOST_DOCUMENTS} of them", str(len(manifest.documents)))])
    return manifest


def _is_inside(path: str) -> bool:
    parts = PurePosixPath(path).parts
    return bool(parts) and not path.startswith("/") and "\\" not in path and ":" not in parts[0] and ".." not in parts and path != MANIFEST


def _read_member(archive: zipfile.ZipFile, member: zipfile.ZipInfo, most: int) -> bytes:
    """Return a member's bytes. No more are unpacked than its header says, and one that lies is found out by its checksum."""
    if member.file_size > most:
        raise DocumentRefused([Fault("", f"at most {most} bytes", str(member.file_size))])
    with archive.open(member) as opened:
        return opened.read(most)


def _document(member: Member, content: bytes) -> Document:
    if _digest(content) != member.sha256:
        raise DocumentRefused([Fault("", f"the content with the hash {member.sha256}", f"one with {_digest(content)}")])
    document = load(content)
    kind = kind_of(document)
    named = kind, document.get("ref") if kind == FLOW else document.get("id")
    if named != (member.kind, member.id):
        raise DocumentRefused([Fault("", f"{member.kind} {described(member.id)}, as the manifest says", f"{kind} {described(named[1])}")])
    if content_hash(document) != member.content_hash:
        raise DocumentRefused([Fault("", f"a document with the content hash {member.content_hash}", content_hash(document))])
    return document


def _path(kind: str, identity: str, taken: set[str]) -> str:
    """Return a path for a document that every system can hold."""
    base = f"{kind}/{re.sub(r'[^A-Za-z0-9_-]+', '-', identity).strip('-')[:60] or kind}"
    path, number = f"{base}.yaml", 1
    while path.casefold() in taken:
        number += 1
        path = f"{base}-{number}.yaml"
    taken.add(path.casefold())
    return path


class _Dumper(yaml.SafeDumper):
    def ignore_aliases(self, data: Any) -> bool:
        return True


def _yaml(document: Document) -> bytes:
    """Return a document as people read it; as JSON where that would not be read back the same."""
    text = yaml.dump(_arranged(document), Dumper=_Dumper, allow_unicode=True, sort_keys=False, width=140)
    return (text if load(text) == document else canonical(document)).encode()


def _arranged(document: Document) -> dict[str, Any]:
    """Return a document in the order in which people read it; as it was published its keys are sorted."""
    arranged = _first(document, _FIRST)
    actions = document.get("actions")
    if isinstance(actions, dict) and all(isinstance(action, dict) for action in actions.values()):
        arranged["actions"] = {identity: _first(actions[identity], ("type",)) for identity in _walked(actions)}
    return arranged


def _first(mapping: Document, keys: Sequence[str]) -> dict[str, Any]:
    """Return a mapping with some keys before the others, and links last."""
    ordered = {key: mapping[key] for key in (*keys, *mapping) if key in mapping and key not in _LAST}
    return ordered | {key: mapping[key] for key in _LAST if key in mapping}


def _walked(actions: Mapping[str, Document]) -> list[str]:
    """Return the ids of actions in the order in which a walk from Start comes to them, then those that it does not come to."""
    found = dict.fromkeys([START] if START in actions else [])
    for identity in (following := list(found)):
        links = actions[identity].get("links")
        for target in links.values() if isinstance(links, dict) else ():
            if isinstance(target, str) and target in actions and target not in found:
                found[target] = None
                following.append(target)
    return [*found, *(identity for identity in actions if identity not in found)]


def _digest(content: bytes) -> str:
    return sha256(content).hexdigest()
